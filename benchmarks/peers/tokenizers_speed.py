#!/usr/bin/env python3
"""One thread, line by line: gptask beside the tokenizers library (encode, encode_batch_fast), MB/s and ratios.

Usage: tokenizers_speed.py build/release/bin/tokenize_speed TOKENIZER_JSON TEXT... [--seconds S]
Rounds of the programs alternate, so that what else the machine does hits all of them; the best round counts.
"""
import argparse, json, os, pathlib, subprocess, time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import Tokenizer

ROUNDS = 3


def speed(run, size, seconds):
    best, begin = 0.0, time.perf_counter()
    while time.perf_counter() - begin < seconds or best == 0:
        start = time.perf_counter()
        run()
        best = max(best, size / 1e6 / (time.perf_counter() - start))
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tokenizer")
    parser.add_argument("texts", nargs="+", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=3)
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(arguments.tokenizer)
    for path in arguments.texts:
        lines = path.read_text(encoding="utf-8").split("\n")
        size = sum(len(line.encode()) for line in lines)
        best = {}
        for _ in range(ROUNDS):
            ours = json.loads(subprocess.run([arguments.program, arguments.tokenizer, path, str(arguments.seconds)],
                                             check=True, capture_output=True, text=True).stdout)
            rounds = {"gptask ids": ours["ids"], "gptask offsets": ours["offsets"],
                      "encode": speed(lambda: [tokenizer.encode(line, add_special_tokens=False) for line in lines],
                                      size, arguments.seconds),
                      "encode_batch_fast": speed(lambda: tokenizer.encode_batch_fast(lines, add_special_tokens=False),
                                                 size, arguments.seconds)}
            best = {key: max(value, best.get(key, 0)) for key, value in rounds.items()}
        ids, offsets, encode, fast = best.values()
        print(f"| {pathlib.Path(arguments.tokenizer).parent.name} | {path.name} | {size / 1e6:.1f} | {ids:.1f} | "
              f"{offsets:.1f} | {encode:.2f} | {fast:.2f} | {ids / encode:.1f} | {ids / fast:.1f} | "
              f"{offsets / encode:.1f} |", flush=True)


main()
