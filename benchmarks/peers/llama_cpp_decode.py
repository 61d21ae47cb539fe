#!/usr/bin/env python3
"""Reads a prompt of 512 tokens and continues one sequence with llama.cpp, as gptask benchmark does: tokens a second, best of three.

    llama_cpp_decode.py MODEL.gguf ...        Q8_0 and Q4_0 files come from gptask convert
"""

import argparse
import random
from pathlib import Path

from measure import best_seconds, report

import llama_cpp


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    for path in options.models:
        model = llama_cpp.Llama(str(path), n_ctx=1024, n_batch=512, n_threads=options.threads,
                                n_threads_batch=options.threads, verbose=False)
        random.seed(3)
        prompt = [random.randrange(model.n_vocab()) for _ in range(512)]

        def read(tokens):
            model.reset()
            model.eval(tokens)

        def go_on():
            read(prompt[:8])
            for token in prompt[8 : 8 + options.tokens]:
                model.eval([token])

        prompt_seconds = best_seconds(lambda: read(prompt))
        decode_seconds = best_seconds(go_on) - best_seconds(lambda: read(prompt[:8]))
        report(model=path.name, threads=options.threads,
               prompt_tokens_per_second=round(512 / prompt_seconds, 1),
               decode_tokens_per_second=round(options.tokens / decode_seconds, 1))


if __name__ == "__main__":
    main()
