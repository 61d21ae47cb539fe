#!/usr/bin/env python3
"""make_fixtures.py FAMILY...: numbers of Transformers and llama.cpp for models that the library makes from a seed, for tests
without Python: tests/parity/fixtures/FAMILY.json."""
import json
import sys
from pathlib import Path

from hugging_face import CLASSES, load, their_logits
from llama_cpp_files import Llama
from ours import BUILD, Work, sequences

SEED = 11


def some(rows) -> list:
    """Up to six values of up to four rows, the last among them."""
    picked = [*range(0, len(rows), max(1, len(rows) // 3))][:3] + [len(rows) - 1]
    return [{"row": row, "values": [round(float(value), 6) for value in rows[row][:6]]} for row in sorted(set(picked))]


def continuations(work: Work, model: Path) -> tuple:
    """Three prompts and what llama.cpp makes of them, where no two best logits are so close that rounding decides."""
    llama = Llama(model)
    prompts = sequences(seed=7, lengths=range(3, 43))
    clear = [prompt for prompt, ours in zip(prompts, work.greedy(model, 12, prompts)) if min(ours["margins"]) > 0.02][:3]
    assert len(clear) == 3, "more prompts are needed"
    return clear, [llama.greedy(prompt, 12)[0] for prompt in clear]


def main() -> None:
    work = Work(BUILD)
    inputs = sequences(lengths=(17, 5, 40))
    for family in sys.argv[1:]:
        out = {"family": family, "seed": SEED, "inputs": inputs, "logits": {}}
        for name in CLASSES:
            folder = work / f"{family}-{name}"
            work.tool("make", family, name, folder, SEED)
            model = load(folder, name)
            out["logits"][name] = [some(their_logits(model, name, ids)) for ids in inputs]
        if family in ("mistral", "llama3"):  # windows that llama.cpp lacks; heads too small to tell the scaling by
            put(family, out)
            continue
        work.gptask("convert", "--model", work / f"{family}-ForCausalLM", "--output", work / f"{family}.gguf", "--type", "F32")
        out["prompts"], out["greedy"] = continuations(work, work / f"{family}.gguf")
        put(family, out)


def put(family: str, numbers: dict) -> None:
    target = Path(__file__).parent / "fixtures" / f"{family}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(numbers) + "\n")


main()
