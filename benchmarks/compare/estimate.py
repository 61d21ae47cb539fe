#!/usr/bin/env python3
"""What more threads would give, by counting work and bytes: estimates beside what growth.py measured, in float32.

benchmarks/compare/estimate.py [--work FOLDER] [--bandwidth-at-most GB/s]

The shape of SmolLM2-135M. A product is cut into the tiles of libgpt/src/tensor/gemm.cc; it takes as many rounds of tiles as there are tiles for
each thread, at the rate of one thread's best product, or as long as memory needs for its bytes if that is longer. What lies between
products (norms, gates, attention's exponentials, the optimizer) takes as long as its bytes. Memory gives each thread what
growth.py measured for one, up to a limit of the machine: an assumption, to be set for the machine in question. Nothing is fitted to the measurements.
"""

import argparse
import json
import math
from pathlib import Path

from growth import GROWN, SHAPES, only, table
from programs import ROOT

HIDDEN, LAYERS, HEADS, KV_HEADS, WIDE, VOCABULARY = SHAPES[GROWN]
HEAD = HIDDEN // HEADS
PART = 2048  # tokens worked on at once
LOSS_ROWS = 512


class Machine:
    def __init__(self, threads, gflops, bandwidth, at_most):
        self.threads = threads
        self.rate = gflops * 1e9  # of a thread
        self.bandwidth = min(threads * bandwidth, at_most) * 1e9

    def product(self, m, n, k):
        """Seconds of c[m, n] = a[m, k] b[k, n]."""
        def cut(length, target, unit):
            size = -(-length // max(1, (length + target // 2) // target))
            size = -(-size // unit) * unit
            return -(-length // size), size
        rows = cut(m, 512, 32)
        for width, least_tiles in (384, 12), (192, 8), (96, 1):
            columns = cut(n, width, 48)
            if rows[0] * columns[0] >= least_tiles:
                break
        if rows[0] * columns[0] < 8 and rows[0] * columns[0] % 2 == 1 and m >= 128:
            rows = cut(m, rows[1] // 2, 32)
        rounds = math.ceil(rows[0] * columns[0] / self.threads)
        operations = rounds * 2 * min(m, rows[1]) * min(n, columns[1]) * k
        return max(operations / self.rate, self.bytes(4 * (m * k + k * n + m * n)))

    def bytes(self, count):
        return count / self.bandwidth

    def attention(self, tokens, length, tasks, products):
        """Causal attention over sequences of a length in so many equal tasks, `products` of queries, keys or values for each pair."""
        operations = products * 2 * HIDDEN * tokens * length / 2
        return math.ceil(tasks / self.threads) / tasks * operations / self.rate


def block(machine, tokens, length, backward):
    """Seconds of one block over so many tokens in sequences of a length, frozen weights with an adapter's way back or none."""
    q, k = HEADS * HEAD, KV_HEADS * HEAD
    maps = [(HIDDEN, q), (HIDDEN, k), (HIDDEN, k), (q, HIDDEN), (HIDDEN, WIDE), (HIDDEN, WIDE), (WIDE, HIDDEN)]
    seconds = sum(machine.product(tokens, outputs, inputs) for inputs, outputs in maps)
    shared = tokens // length * KV_HEADS  # training's attention; a prompt's is cut into blocks of queries too
    seconds += machine.attention(tokens, length, shared if backward else HEADS * math.ceil(length / 64), 2)
    seconds += machine.bytes(4 * tokens * (4 * HIDDEN + 2 * (q + 2 * k) + 3 * WIDE))
    if backward:
        seconds += sum(machine.product(tokens, inputs, outputs) for inputs, outputs in maps)
        seconds += machine.attention(tokens, length, shared, 5)
        seconds += machine.bytes(4 * tokens * (8 * HIDDEN + 3 * (q + 2 * k) + 6 * WIDE))
    return seconds


def step(machine, batch, length):
    """A LoRA step of a language model."""
    seconds, left = 0.0, batch * length
    while left > 0:
        tokens = min(left, max(PART, length))
        seconds += LAYERS * block(machine, tokens, length, backward=True)
        chunks = math.ceil(tokens / LOSS_ROWS)
        seconds += chunks * (machine.product(LOSS_ROWS, VOCABULARY, HIDDEN) + machine.product(LOSS_ROWS, HIDDEN, VOCABULARY))
        seconds += machine.bytes(4 * tokens * VOCABULARY * 3)
        left -= tokens
    return batch * length / seconds


def prompt(machine, tokens):
    return tokens / (LAYERS * block(machine, tokens, tokens, backward=False))


def writing(machine):
    """One sequence: all weights are read for a token."""
    weights = LAYERS * (HIDDEN * (HIDDEN + 2 * KV_HEADS * HEAD) + HIDDEN * HIDDEN + 3 * HIDDEN * WIDE) + HIDDEN * VOCABULARY
    return 1 / machine.bytes(4 * weights)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / "runs/growth")
    parser.add_argument("--bandwidth-at-most", type=float, default=300.0)
    options = parser.parse_args()
    measured = json.loads((options.work / "growth.json").read_text(encoding="utf-8"))["grown"]["float32"]
    limits = only(measured["machine"], threads=1)
    lines = []
    for threads in (1, 2, 16, 64):
        machine = Machine(threads, limits["float32_gflops"], limits["memory_gb_per_second"], options.bandwidth_at_most)
        rows = [only(measured["training"], threads=threads, batch_size=4, length=256), None, only(measured["prompt"], threads=threads),
                only(measured["decoding"], threads=threads, sequences=1, beams=1)]
        line = [str(threads)]
        for estimate, row in zip((step(machine, 4, 256), step(machine, 64, 256), prompt(machine, 512), writing(machine)), rows):
            line.append(f"{estimate:,.0f}" + (f" ({row['tokens_per_second']:,.0f})" if row else ""))
        lines.append(line)
    print("\n".join(table(["threads", "LoRA step, 4 x 256", "LoRA step, 64 x 256", "prompt of 512", "one sequence written"], lines)))


if __name__ == "__main__":
    main()
