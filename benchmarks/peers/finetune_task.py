#!/usr/bin/env python3
"""Fine-tunes SmolLM2-135M on MRPC, STS-B, DialogSum or Multi30k with Transformers and PEFT: the recipe of finetune.py.

One epoch in shuffled order, batch 16, AdamW 5e-4 without decay, linear decay to 0, gradient norm clipped to 1, LoRA (r 8,
alpha 16) on all seven projections, a label head at the last token or the model's own output. Inputs are those of gptask's
tasks (task_data.py). Prints one JSON object, and writes it to --output with what was answered.
"""

import argparse
import json
import time
from pathlib import Path

from finetune import PAD, PROJECTIONS
from measure import autocast, prepare, report
from task_data import END, WRITTEN, pairs, written

import peft
import scipy.stats
import sklearn.metrics
import torch
import transformers
from tokenizers import Tokenizer

BATCH = 16
PASS = 4  # sequences of a step at once: the step sums its passes, and padding and memory stay small


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", choices=["mrpc", "stsb", *WRITTEN], required=True)
    parser.add_argument("--data", type=Path, required=True, help="the folder with mrpc, stsb, dialogsum and multi30k")
    parser.add_argument("--model", type=Path, required=True, help="SmolLM2-135M-Instruct.Q4_1.gguf of scripts/fetch.sh")
    parser.add_argument("--tokenizer", type=Path, required=True, help="the tokenizer.json of a gptask run")
    parser.add_argument("--output", type=Path, help="a file for the result and the answers, as JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true", help="bfloat16 autocast")
    parser.add_argument("--examples", type=int, help="only so many of training and test (a trial, not a measurement)")
    options = parser.parse_args()
    options.precision = "bf16" if options.bf16 else "f32"
    return options


def load_model(options):
    """The weights as float32 under adapters; a fresh label head for pairs."""
    source = {"gguf_file": options.model.name, "dtype": torch.float32}
    lora = {"r": 8, "lora_alpha": 16, "lora_dropout": 0.0, "target_modules": PROJECTIONS}
    if options.task in WRITTEN:
        model = transformers.AutoModelForCausalLM.from_pretrained(options.model.parent, **source)
        return peft.get_peft_model(model, peft.LoraConfig(task_type=peft.TaskType.CAUSAL_LM, **lora))
    number = options.task == "stsb"
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        options.model.parent,
        num_labels=1 if number else 2,
        problem_type="regression" if number else "single_label_classification",
        **source,
    )
    model.config.pad_token_id = PAD
    return peft.get_peft_model(model, peft.LoraConfig(task_type=peft.TaskType.SEQ_CLS, modules_to_save=["score"], **lora))


def padded(examples, left=False):
    """Input ids padded to the longest, and their mask."""
    length = max(len(example.ids) for example in examples)

    def pad(row, value):
        return [value] * (length - len(row)) + row if left else row + [value] * (length - len(row))

    ids = torch.tensor([pad(example.ids, PAD) for example in examples])
    return {"input_ids": ids, "attention_mask": torch.tensor([pad([1] * len(example.ids), 0) for example in examples])}


def labels_of(part, inputs, options):
    """What a pass should answer, and how many terms its mean loss has."""
    if options.task not in WRITTEN:
        kind = torch.float if options.task == "stsb" else torch.long
        return torch.tensor([example.label for example in part], dtype=kind), len(part)
    labels = torch.full_like(inputs["input_ids"], -100)
    for row, example in enumerate(part):
        labels[row, example.loss_from : len(example.ids)] = inputs["input_ids"][row, example.loss_from : len(example.ids)]
    return labels, sum(len(example.ids) - example.loss_from for example in part)


def step_loss(model, chosen, options):
    """The mean loss of a step's examples (pairs, or tokens of targets), with its gradients, in passes of like lengths."""
    chosen = sorted(chosen, key=lambda example: len(example.ids))
    parts = [chosen[first : first + PASS] for first in range(0, len(chosen), PASS)]
    if options.task in WRITTEN:
        terms = sum(len(example.ids) - example.loss_from for example in chosen)
    else:
        terms = len(chosen)
    total = 0.0
    for part in parts:
        inputs = padded(part)
        labels, share = labels_of(part, inputs, options)
        with autocast(options.precision):
            loss = model(**inputs, labels=labels).loss * (share / terms)
        loss.backward()
        total += loss.item()
    return total


def train(model, examples, options):
    """One epoch; returns real tokens, seconds and the losses."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=5e-4, weight_decay=0.0)
    steps = (len(examples) + BATCH - 1) // BATCH
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=steps)
    order = torch.randperm(len(examples)).tolist()
    model.train()
    losses, started = [], time.perf_counter()
    for step in range(steps):
        losses.append(step_loss(model, [examples[i] for i in order[step * BATCH : (step + 1) * BATCH]], options))
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
    return sum(len(example.ids) for example in examples), time.perf_counter() - started, losses


@torch.no_grad()
def answer(model, examples, options, tokenizer):
    """The logits or the texts of all examples, in their order; like lengths together."""
    model.eval()
    answers = [None] * len(examples)
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].ids))
    for first in range(0, len(order), BATCH):
        part = order[first : first + BATCH]
        chosen = [examples[i] for i in part]
        with autocast(options.precision):
            if options.task in WRITTEN:
                inputs = padded(chosen, left=True)
                outputs = model.generate(**inputs, do_sample=False, max_new_tokens=WRITTEN[options.task].longest_target,
                                         eos_token_id=END, pad_token_id=PAD)
                outputs = [tokenizer.decode(row.tolist()).strip() for row in outputs[:, inputs["input_ids"].shape[1] :]]
            else:
                outputs = model(**padded(chosen)).logits.float().tolist()
        for i, output in zip(part, outputs):
            answers[i] = output
    return answers


def rouge(texts, examples):
    """Mean F1, against the best of several references as rouge-score has it."""
    from rouge_score import rouge_scorer

    kinds = ["rouge1", "rouge2", "rougeL"]
    scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=True)
    scored = [scorer.score_multi(example.references, text) for text, example in zip(texts, examples)]
    return {kind: 100 * sum(one[kind].fmeasure for one in scored) / len(scored) for kind in kinds}


def metrics(task, answers, examples):
    if task == "dialogsum":
        return {**rouge(answers, examples), "whole_text": rouge([example.source for example in examples], examples)}
    if task == "multi30k":
        import sacrebleu

        references = [[example.references[0] for example in examples]]
        return {
            "bleu": sacrebleu.corpus_bleu(answers, references).score,
            "chrf": sacrebleu.corpus_chrf(answers, references).score,
            "source_bleu": sacrebleu.corpus_bleu([example.source for example in examples], references).score,
        }
    labels = [example.label for example in examples]
    if task == "stsb":
        found = [row[0] for row in answers]
        return {"pearson": scipy.stats.pearsonr(labels, found)[0], "spearman": scipy.stats.spearmanr(labels, found)[0]}
    found = [int(row[1] > row[0]) for row in answers]
    return {"accuracy": sklearn.metrics.accuracy_score(labels, found), "f1": sklearn.metrics.f1_score(labels, found)}


def main():
    options = arguments()
    prepare(options.threads, options.seed)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    training, test = (written if options.task in WRITTEN else pairs)(options.task, options.data, tokenizer)
    training, test = training[: options.examples], test[: options.examples]
    model = load_model(options)
    tokens, seconds, losses = train(model, training, options)
    model = model.merge_and_unload() if options.task in WRITTEN else model
    started = time.perf_counter()
    answers = answer(model, test, options, tokenizer)
    answering = time.perf_counter() - started
    result = {
        "work": f"{options.task}, LoRA",
        "precision": options.precision,
        "threads": options.threads,
        "seed": options.seed,
        "complete": options.examples is None,
        "training_examples": len(training),
        "training_tokens": tokens,
        "training_seconds": round(seconds, 2),
        "training_tokens_per_second": round(tokens / seconds, 1),
        "mean_loss": round(sum(losses) / len(losses), 4),
        "test_examples": len(test),
        "test_examples_per_second": round(len(test) / answering, 2),
        **metrics(options.task, answers, test),
    }
    report(**result)
    if options.output:
        options.output.write_text(json.dumps({**result, "losses": losses, "answers": answers}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
