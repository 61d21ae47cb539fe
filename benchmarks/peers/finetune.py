#!/usr/bin/env python3
"""Fine-tunes a model with Transformers and PEFT, as gptask finetune does with the same flags: labels of texts, or spans in passages.

AdamW without decay, linear decay of the rate to 0, gradient norm clipped to 1, one epoch in shuffled order. A batch is padded to
its longest text, or to the longest of a batch of like length (--group-by-length); tokens a second count the real ones. Prints one
JSON object.
"""

import argparse
import random
import time
from pathlib import Path

from measure import autocast, prepare, report
from text_files import labelled_texts, questions

import peft
import torch
import transformers
from tokenizers import Tokenizer

PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PAD = 0  # <|endoftext|>: no text here ends with it


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", choices=["labels", "spans"], default="labels")
    parser.add_argument("--model", type=Path, required=True, help="a folder, or a .gguf file")
    parser.add_argument("--tokenizer", type=Path, required=True,
                        help="tokenizer.json of gptask convert or a gptask run: the one inside SmolLM2's GGUF loses the splitting of digits in Transformers")
    parser.add_argument("--train-file", type=Path, required=True, help="CSV or TSV with a heading (labels), SQuAD JSON (spans); .gz and .zst too")
    parser.add_argument("--test-file", type=Path)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--label-column", default="label")
    parser.add_argument("--tuning", choices=["full", "lora", "head"], default="lora")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--group-by-length", action="store_true")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--max-train-samples", type=int)
    parser.add_argument("--test-examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, help="stop after so many (the speed is that of a whole run, the accuracy is not)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def read_labels(options, tokenizer, path, names):
    """(token ids, index of the label) of each row; `names` grows where it is not complete."""
    rows = labelled_texts(path, options.text_column, options.label_column)
    names.extend(sorted({label for _, label in rows} - set(names)))
    encoded = tokenizer.encode_batch([text for text, _ in rows], add_special_tokens=False)
    return [(item.ids[: options.max_length], names.index(label)) for item, (_, label) in zip(encoded, rows)]


def read_spans(options, tokenizer, path):
    """(token ids, (first, last token of the answer)) of each question whose answer is inside the longest length."""
    examples = []
    for question, passage, first, end in questions(path)[: options.max_train_samples]:
        item = tokenizer.encode(f"{question}\n{passage}", add_special_tokens=False)
        shift = len(question) + 1
        inside = [i for i, (a, b) in enumerate(item.offsets[: options.max_length]) if a < end + shift and b > first + shift]
        if inside:
            examples.append((item.ids[: options.max_length], (inside[0], inside[-1])))
    return examples


def load_model(options, labels):
    """Float32 weights with a fresh head; trainable: everything, adapters and the head, or the head alone."""
    spans = options.task == "spans"
    kind = transformers.AutoModelForQuestionAnswering if spans else transformers.AutoModelForSequenceClassification
    source = {"gguf_file": options.model.name} if options.model.suffix == ".gguf" else {}
    more = {} if spans else {"num_labels": labels}
    folder = options.model.parent if source else options.model
    model = kind.from_pretrained(folder, dtype=torch.float32, **source, **more)
    model.config.pad_token_id = PAD
    head = "qa_outputs" if spans else "score"
    if options.tuning == "head":
        for name, weight in model.named_parameters():
            weight.requires_grad = name.startswith(head)
    if options.tuning != "lora":
        return model
    return peft.get_peft_model(model, peft.LoraConfig(
        task_type=peft.TaskType.QUESTION_ANS if spans else peft.TaskType.SEQ_CLS,
        r=8, lora_alpha=16, lora_dropout=0.0, target_modules=PROJECTIONS, modules_to_save=[head]))


def batch_of(examples):
    """Input ids padded to the longest, their mask, and the targets."""
    length = max(len(ids) for ids, _ in examples)
    ids = torch.tensor([ids + [PAD] * (length - len(ids)) for ids, _ in examples])
    mask = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in examples])
    targets = torch.tensor([target for _, target in examples])
    answers = {"labels": targets} if targets.dim() == 1 else {"start_positions": targets[:, 0], "end_positions": targets[:, 1]}
    return {"input_ids": ids, "attention_mask": mask}, answers


def batches(examples, options):
    """Shuffled; with --group-by-length sorted within 50 batches and cut into batches in random order, as Transformers does it."""
    size = options.batch_size
    order = list(range(len(examples)))
    random.shuffle(order)
    if options.group_by_length:
        pools = [order[i : i + 50 * size] for i in range(0, len(order), 50 * size)]
        order = [i for pool in pools for i in sorted(pool, key=lambda i: -len(examples[i][0]))]
    made = [[examples[i] for i in order[first : first + size]] for first in range(0, len(order), size)]
    if options.group_by_length:
        random.shuffle(made)
    return made


def train(model, examples, options):
    """One epoch; returns steps, real and padded tokens, seconds and the mean loss of the last ten steps."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=options.learning_rate, weight_decay=0.0)
    made = batches(examples, options)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=len(made))
    model.train()
    tokens, padded, losses, started = 0, 0, [], time.perf_counter()
    for chosen in made[: options.steps]:
        inputs, targets = batch_of(chosen)
        with autocast(options.precision):
            loss = model(**inputs, **targets).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(ids) for ids, _ in chosen)
        padded += inputs["input_ids"].numel()
        losses.append(loss.item())
    return len(losses), tokens, padded, time.perf_counter() - started, sum(losses[-10:]) / len(losses[-10:])


@torch.no_grad()
def evaluate(model, examples, options):
    """Accuracy and seconds, batches in file order."""
    model.eval()
    right, started = 0, time.perf_counter()
    for first in range(0, len(examples), options.batch_size):
        inputs, targets = batch_of(examples[first : first + options.batch_size])
        with autocast(options.precision):
            right += (model(**inputs).logits.argmax(-1) == targets["labels"]).sum().item()
    return right / len(examples), time.perf_counter() - started


def main():
    options = arguments()
    prepare(options.threads, options.seed)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    tokenizer.no_padding()
    names, test = [], []
    if options.task == "spans":
        training = read_spans(options, tokenizer, options.train_file)
    else:
        training = read_labels(options, tokenizer, options.train_file, names)[: options.max_train_samples]
        if options.test_file:
            test = read_labels(options, tokenizer, options.test_file, names)[: options.test_examples]
    model = load_model(options, len(names))
    steps, tokens, padded, seconds, loss = train(model, training, options)
    results = {}
    if test:
        accuracy, evaluation_seconds = evaluate(model, test, options)
        results = {"test_examples": len(test), "test_accuracy": accuracy,
                   "evaluation_examples_per_second": round(len(test) / evaluation_seconds, 2)}
    report(
        work=f"{options.task} of {options.train_file.name}, {options.tuning}",
        precision=options.precision,
        threads=options.threads,
        seed=options.seed,
        examples=len(training),
        batch_size=options.batch_size,
        steps=steps,
        complete=options.steps is None,
        training_seconds=round(seconds, 2),
        training_tokens_per_second=round(tokens / seconds, 1),
        padded_tokens_per_second=round(padded / seconds, 1),
        last_losses_mean=round(loss, 4),
        **results,
        trainable_parameters=sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
    )


if __name__ == "__main__":
    main()
