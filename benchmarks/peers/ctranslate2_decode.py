#!/usr/bin/env python3
"""Reads a prompt of 512 tokens, and continues one sequence, 16 sequences and a beam search of 4 with CTranslate2, as gptask benchmark
does: tokens a second, best of three.

    ctranslate2_decode.py FOLDER --work SCRATCH        a Hugging Face folder that gptask convert wrote; SCRATCH gets its conversion
"""

import argparse
import json
import random
from pathlib import Path

from measure import best_seconds, report

import ctranslate2


def converted(folder, scratch):
    target = scratch / f"ctranslate2-{folder.name}"
    if not (target / "model.bin").exists():
        ctranslate2.converters.TransformersConverter(str(folder)).convert(str(target), force=True)
    return target


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--precisions", default="float32,int8")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    folder = converted(options.model, options.work)
    vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    random.seed(3)
    text = [random.choice(vocabulary) for _ in range(512)]
    for precision in options.precisions.split(","):
        generator = ctranslate2.Generator(str(folder), compute_type=precision, inter_threads=1, intra_threads=options.threads)

        def seconds(prompts, tokens, beams=1):
            return best_seconds(lambda: generator.generate_batch(
                prompts, max_length=tokens, min_length=tokens, beam_size=beams, include_prompt_in_result=False))

        def rate(sequences, beams=1):
            prompts = [text[8 * i : 8 * i + 8] for i in range(sequences)]
            return sequences * (options.tokens - 1) / (seconds(prompts, options.tokens, beams) - seconds(prompts, 1, beams))

        report(model=options.model.name, precision=precision, threads=options.threads,
               prompt_tokens_per_second=round(512 / seconds([text], 1), 1),
               decode_tokens_per_second=round(rate(1), 1),
               decode_16_tokens_per_second=round(rate(16), 1),
               beams_4_tokens_per_second=round(rate(1, 4), 1))


if __name__ == "__main__":
    main()
