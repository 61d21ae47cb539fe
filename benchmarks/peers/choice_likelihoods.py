#!/usr/bin/env python3
"""Asks the untuned SmolLM2-135M ARC-easy or PIQA by log-likelihood in Transformers, and compares with what gptask answered.

gptask evaluate multiple-choice --model M --test-file F --max-eval-samples 200 writes examples.jsonl: the row, the choice and the sum of
the log-probabilities of each choice's tokens. The same sums are computed here (float32). Prints one JSON object: rows whose choice
differs, by likelihood and by likelihood a character, and the largest difference of a sum.
"""

import argparse
import csv
import json
from pathlib import Path

from finetune import PAD
from measure import prepare, report
from task_data import lines

import torch
import transformers
from tokenizers import Tokenizer

BATCH = 16


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--file", type=Path, required=True, help="arc_easy_test.csv.gz or valid.jsonl.gz of PIQA")
    parser.add_argument("--gptask", type=Path, required=True, help="examples.jsonl of gptask's evaluation of that file")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def questions(path):
    """Question and choices of each row."""
    if "jsonl" in path.suffixes[-2]:
        rows = [json.loads(line) for line in lines(path)]
        return [(row["goal"], [row["sol1"], row["sol2"]]) for row in rows]
    return [(row[0], row[1:-1]) for row in csv.reader(lines(path))]


def sequences(rows, answers, tokenizer):
    """(row of the answers, choice, prompt's length, token ids)"""
    made = []
    for i, answer in enumerate(answers):
        question, choices = rows[answer["row"] - 1]
        prompt = tokenizer.encode(f"Question: {question.strip()}\nAnswer:", add_special_tokens=False).ids
        for choice, text in enumerate(text for text in map(str.strip, choices) if text):
            made.append((i, choice, len(prompt), prompt + tokenizer.encode(" " + text, add_special_tokens=False).ids))
    return sorted(made, key=lambda item: len(item[3]))


@torch.no_grad()
def likelihoods(model, made, count):
    """The sums of each row's choices."""
    sums = [{} for _ in range(count)]
    for first in range(0, len(made), BATCH):
        part = made[first : first + BATCH]
        length = max(len(ids) for *_, ids in part)
        inputs = torch.tensor([ids + [PAD] * (length - len(ids)) for *_, ids in part])
        logits = model(input_ids=inputs, attention_mask=(torch.arange(length) < torch.tensor([[len(ids)] for *_, ids in part])).long()).logits
        found = torch.log_softmax(logits[:, :-1].float(), -1).gather(-1, inputs[:, 1:, None])[..., 0]
        for row, (i, choice, prompt, ids) in zip(found, part):
            sums[i][choice] = row[prompt - 1 : len(ids) - 1].sum().item()
    return [[one[choice] for choice in sorted(one)] for one in sums]


def best(scores):
    return max(range(len(scores)), key=scores.__getitem__)


def main():
    options = arguments()
    prepare(options.threads, 0)
    answers = [json.loads(line) for line in open(options.gptask, encoding="utf-8")]
    rows = questions(options.file)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model.parent, gguf_file=options.model.name, dtype=torch.float32)
    sums = likelihoods(model.eval(), sequences(rows, answers, tokenizer), len(answers))
    differ, differ_norm, right, furthest = [], [], 0, 0.0
    for answer, peer in zip(answers, sums):
        ours = answer["scores"]
        lengths = [len(text) for text in map(str.strip, rows[answer["row"] - 1][1]) if text]
        furthest = max(furthest, *(abs(a - b) for a, b in zip(ours, peer)))
        right += best(peer) == answer["truth"]
        if best(ours) != best(peer):
            differ.append(answer["row"])
        if best([s / n for s, n in zip(ours, lengths)]) != best([s / n for s, n in zip(peer, lengths)]):
            differ_norm.append(answer["row"])
    report(work=f"{options.file.name}, log-likelihood", rows=len(answers), accuracy=right / len(answers), different_choices=differ,
           different_choices_by_length=differ_norm, largest_difference=furthest)


if __name__ == "__main__":
    main()
