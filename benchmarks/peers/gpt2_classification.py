#!/usr/bin/env python3
"""Trains all weights of a 2-label classifier of GPT-2 small's shape with PyTorch, on random texts: batch 32 x 32, no dropout.

The weights are random, since only the speed is measured: forward, backward, clipping at 1 and AdamW. Prints one JSON object.
"""

import argparse
import time

from measure import autocast, prepare, report

import torch
import transformers

BATCH, LENGTH = 32, 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=8, help="steps measured, after two that warm up")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    return parser.parse_args()


def main():
    options = arguments()
    prepare(options.threads, options.seed)
    config = transformers.GPT2Config(  # the defaults are GPT-2 small: 12 layers, 768 wide, 50,257 tokens
        num_labels=2, pad_token_id=50256, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0
    )
    model = transformers.GPT2ForSequenceClassification(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step():
        ids = torch.randint(0, config.vocab_size - 1, (BATCH, LENGTH))
        labels = torch.randint(0, 2, (BATCH,))
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
        work="GPT-2 small classification, all weights",
        precision=options.precision,
        threads=options.threads,
        batch=[BATCH, LENGTH],
        steps=options.steps,
        training_tokens_per_second=round(options.steps * BATCH * LENGTH / seconds, 1),
    )


if __name__ == "__main__":
    main()
