#!/usr/bin/env python3
"""Trains all weights of GPT-2 small's shape with PyTorch, on random texts without dropout: a 2-label classifier (batch 32 x 32) or a
language model (batch 4 x 256).

The weights are random, since only the speed is measured: forward, backward, clipping at 1 and AdamW. Prints one JSON object.
"""

import argparse
import time

from measure import autocast, prepare, report

import torch
import transformers

WORKS = {"classify": (32, 32), "language-model": (4, 256)}  # batch, length


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", choices=WORKS, default="classify")
    parser.add_argument("--steps", type=int, default=8, help="steps measured, after two that warm up")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    return parser.parse_args()


def main():
    options = arguments()
    prepare(options.threads, options.seed)
    batch, length = WORKS[options.work]
    classify = options.work == "classify"
    config = transformers.GPT2Config(  # the defaults are GPT-2 small: 12 layers, 768 wide, 50,257 tokens
        num_labels=2, pad_token_id=50256, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    kind = transformers.GPT2ForSequenceClassification if classify else transformers.GPT2LMHeadModel
    model = kind(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step():
        ids = torch.randint(0, config.vocab_size - 1, (batch, length))
        labels = torch.randint(0, 2, (batch,)) if classify else ids
        with autocast(options.precision):
            loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss.item()

    for _ in range(2):
        step()
    started = time.perf_counter()
    for _ in range(options.steps):
        step()
    seconds = time.perf_counter() - started
    report(
        work=f"GPT-2 small, {options.work}, all weights",
        precision=options.precision,
        threads=options.threads,
        batch=[batch, length],
        steps=options.steps,
        training_tokens_per_second=round(options.steps * batch * length / seconds, 1),
    )


if __name__ == "__main__":
    main()
