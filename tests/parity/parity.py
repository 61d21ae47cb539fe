#!/usr/bin/env python3
"""Compares what we write with the programs that read it: Transformers, PEFT and llama.cpp. The test parity_files.

    parity.py [--build FOLDER] [--weights FILE] [--families gpt2,llama,...]

"""
import argparse
import os
import sys
from pathlib import Path

import hugging_face
import llama_cpp_files as llama_files
from ours import BUILD, Work

FAMILIES = "gpt2,llama,llama3,qwen2,qwen3,mistral,gpt_neox"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cache = Path(os.environ.get("GPTASK_CACHE", Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gptask"))
    parser.add_argument("--build", type=Path, default=BUILD)
    parser.add_argument("--weights", type=Path, default=cache / "SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--families", default=FAMILIES)
    arguments = parser.parse_args()
    families = arguments.families.split(",")
    work = Work(arguments.build)
    failed = []

    def report(what: str, found: float, allowed: float) -> None:
        if not found <= allowed:  # NaN too
            failed.append(what)
        print(f"{'ok  ' if found <= allowed else 'FAIL'} {what}: {found:.3g} (allowed {allowed:g})", flush=True)

    hugging_face.folders(work, families, report)
    hugging_face.adapters(work, families, report)
    hugging_face.fine_tuned(work, report)
    llama_files.tiny(work, families, report)
    if arguments.weights.exists():
        llama_files.real(work, arguments.weights, report)
    else:
        print(f"skipped: {arguments.weights} is not there; scripts/fetch.sh gets it")
    print(f"{len(failed)} of the checks failed" if failed else "every check passed")
    return 1 if failed else 0


sys.exit(main())
