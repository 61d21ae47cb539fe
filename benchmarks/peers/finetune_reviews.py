#!/usr/bin/env python3
"""Fine-tunes SmolLM2-135M on the movie reviews with Transformers and PEFT: the recipe of scripts/quickstart.sh, step for step.

LoRA (r 8, alpha 16, no dropout) on all seven projections and a label head at the last token; AdamW 5e-4 without decay,
linear decay to 0, gradient norm clipped to 1, one epoch in shuffled order, batch 16, at most 128 tokens, float32. A batch is
padded to its longest text; tokens a second count the real ones. Prints one JSON object.
"""

import argparse
import csv
import os
import time
from pathlib import Path

from measure import autocast, prepare, report

import peft
import torch
import transformers
from tokenizers import Tokenizer

CACHE = Path(os.environ.get("GPTASK_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gptask")
LABELS = ["fresh", "rotten"]
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
BATCH, LONGEST = 16, 128
PAD = 0  # <|endoftext|>: no text here ends with it


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, default=CACHE / "SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--tokenizer", type=Path, required=True, help="the tokenizer.json of a gptask run: the one inside the "
                        "GGUF loses the splitting of digits in Transformers")
    parser.add_argument("--reviews", type=Path, default=CACHE / "reviews", help="folder with train.csv and test.csv")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--steps", type=int, help="stop after so many (a trial, not a measurement)")
    parser.add_argument("--test-examples", type=int, default=2000)
    return parser.parse_args()


def read(path, tokenizer):
    """The (token ids, label) pairs of a CSV file."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    encoded = tokenizer.encode_batch([row["text"] for row in rows], add_special_tokens=False)
    return [(item.ids[:LONGEST], LABELS.index(row["label"])) for item, row in zip(encoded, rows)]


def batch_of(examples):
    """Input ids padded to the longest, their mask, and the labels."""
    length = max(len(ids) for ids, _ in examples)
    ids = torch.tensor([ids + [PAD] * (length - len(ids)) for ids, _ in examples])
    mask = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids, _ in examples])
    return {"input_ids": ids, "attention_mask": mask}, torch.tensor([label for _, label in examples])


def load_model(path):
    """The weights as float32 under adapters, with a fresh label head."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        path.parent, gguf_file=path.name, num_labels=len(LABELS), dtype=torch.float32
    )
    model.config.pad_token_id = PAD
    lora = peft.LoraConfig(
        task_type=peft.TaskType.SEQ_CLS, r=8, lora_alpha=16, lora_dropout=0.0, target_modules=PROJECTIONS, modules_to_save=["score"]
    )
    return peft.get_peft_model(model, lora)


def train(model, examples, options):
    """One epoch; returns real tokens, seconds and the mean loss of the last ten steps."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=5e-4, weight_decay=0.0)
    total = (len(examples) + BATCH - 1) // BATCH
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=total)
    order = torch.randperm(len(examples)).tolist()
    model.train()
    tokens, losses, started = 0, [], time.perf_counter()
    for step in range(min(total, options.steps or total)):
        chosen = [examples[i] for i in order[step * BATCH : (step + 1) * BATCH]]
        inputs, labels = batch_of(chosen)
        with autocast(options.precision):
            loss = model(**inputs, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        tokens += sum(len(ids) for ids, _ in chosen)
        losses.append(loss.item())
    return tokens, time.perf_counter() - started, sum(losses[-10:]) / len(losses[-10:])


@torch.no_grad()
def evaluate(model, examples, options):
    """Accuracy and seconds, batches in file order."""
    model.eval()
    right, started = 0, time.perf_counter()
    for first in range(0, len(examples), BATCH):
        inputs, labels = batch_of(examples[first : first + BATCH])
        with autocast(options.precision):
            right += (model(**inputs).logits.argmax(-1) == labels).sum().item()
    return right / len(examples), time.perf_counter() - started


def main():
    options = arguments()
    prepare(options.threads, options.seed)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    tokenizer.no_padding()
    training, test = (read(options.reviews / f"{part}.csv", tokenizer) for part in ("train", "test"))
    test = test[: options.test_examples]
    model = load_model(options.model)
    tokens, seconds, loss = train(model, training, options)
    accuracy, evaluation_seconds = evaluate(model, test, options)
    report(
        work="reviews, LoRA",
        precision=options.precision,
        threads=options.threads,
        seed=options.seed,
        complete=options.steps is None,
        training_tokens=tokens,
        training_seconds=round(seconds, 2),
        training_tokens_per_second=round(tokens / seconds, 1),
        last_losses_mean=round(loss, 4),
        test_examples=len(test),
        test_accuracy=accuracy,
        evaluation_examples_per_second=round(len(test) / evaluation_seconds, 2),
        trainable_parameters=sum(weight.numel() for weight in model.parameters() if weight.requires_grad),
    )


if __name__ == "__main__":
    main()
