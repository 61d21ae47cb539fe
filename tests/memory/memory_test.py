"""What gptask says a run will need, against the largest resident set of the process that ran.

memory_test.py --bin FOLDER [--long] [--only TEXT] [--table]

Without --long: the small GPT of models/mini and one of random weights, within 20 % either way. With --long: GPT-2 small and
SmolLM2-135M on data of GPTASK_DATA_DIR and the cache, within 10 %; what is absent is left out and named. --table prints a line a run.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("GPTASK_DATA_DIR", ROOT.parent / "shared" / "data"))
CACHE = Path(os.environ.get("GPTASK_CACHE", Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "gptask"))
ESTIMATE = re.compile(r"memory: about (\d+) MB")
GPT2_SMALL = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "n_ctx": 1024,
              "vocab_size": 50257, "attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0}


def measure(command):
    """(the last estimate, the peak) in MB; None where the program failed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    estimates = ESTIMATE.findall(said)
    if status != 0 or not estimates:
        print(f"{' '.join(map(str, command))}\n{said}", file=sys.stderr)
        return None
    return max(map(int, estimates)), usage.ru_maxrss * 1024 / 1e6


def reviews(path, rows, words, seed=1):
    """A CSV file of made-up rows of about so many tokens."""
    draw = random.Random(seed)
    vocabulary = "the a film story of its cast and plot was dull bright slow warm never quite finds what it wants to say".split()
    lines = ["label,text"]
    for row in range(rows):
        lines.append(f"{'fresh' if row % 2 else 'rotten'},{' '.join(draw.choice(vocabulary) for _ in range(words))}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def novel(path, words):
    draw = random.Random(2)
    vocabulary = "she went down to the river in the morning and nobody knew why he had written that letter before".split()
    path.write_text(" ".join(draw.choice(vocabulary) for _ in range(words)), encoding="utf-8")
    return path


class Cases:
    def __init__(self, gptask, scratch):
        self.gptask, self.scratch, self.number = gptask, scratch, 0

    def output(self):
        self.number += 1
        return self.scratch / f"run-{self.number}"

    def finetune(self, task, model, train, *flags):
        return [self.gptask, "finetune", task, "--model", model, "--train-file", train, "--output-dir", self.output(), "--threads", "2",
                "--save-strategy", "no", *map(str, flags)]

    def small(self):
        mini = ROOT / "models" / "mini"
        train = reviews(self.scratch / "train.csv", 96, 60)
        base = ["--max-steps", 3, "--max-seq-length", 128, "--batch-size", 16]
        for tuning in ("full", "lora", "head"):
            yield f"mini {tuning}", self.finetune("sentiment", mini, train, "--tuning", tuning, *base)
        yield "mini full bf16", self.finetune("sentiment", mini, train, "--tuning", "full", "--bf16", *base)
        yield "mini lora checkpointing", self.finetune("sentiment", mini, train, "--gradient-checkpointing", *base)
        yield "mini lora, a batch at once", self.finetune("sentiment", mini, train, "--max-activation-tokens", 0, *base[:-1], 64)
        tuned = self.output()
        subprocess.run([*self.finetune("sentiment", mini, train, *base)[:-8], "--output-dir", tuned, "--max-steps", "1"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield "mini evaluation", [self.gptask, "evaluate", "--model", tuned, "--test-file", train, "--output-dir", self.output(),
                                  "--per-device-eval-batch-size", "64"]
        text = novel(self.scratch / "novel.txt", 40000)
        for length, batch in ((64, 16), (256, 4), (256, 1), (512, 8)):
            yield f"language model {batch} x {length}", [
                self.gptask, "pretrain", "--config-name", "mini", "--tokenizer", mini, "--train-file", text, "--output-dir", self.output(),
                "--block-size", str(length), "--batch-size", str(batch), "--max-steps", "2", "--threads", "2"]

    def large(self):
        smollm = CACHE / "SmolLM2-135M-Instruct.Q4_1.gguf"
        files = {"reviews": CACHE / "reviews" / "train.csv", "sst2": DATA / "sst2" / "train.tsv.gz", "qa": DATA / "squad11" / "train-v1.1.json.zst",
                 "gpt2 tokenizer": DATA / "tokenizer_gpt2"}
        for name, path in {"weights of scripts/fetch.sh": smollm, **files}.items():
            if not path.exists():
                print(f"left out: {name} ({path})")
        if smollm.exists() and files["reviews"].exists():
            for more in ([], ["--bf16"], ["--gradient-checkpointing"], ["--lora-dropout", "0.05"]):
                yield "SmolLM2 LoRA reviews, 16 " + " ".join(more), self.finetune(
                    "sentiment", smollm, files["reviews"], "--batch-size", 16, "--max-steps", 100, "--max-train-samples", 1600, *more)
            for batch in (1, 64):
                yield f"SmolLM2 LoRA reviews, {batch}", self.finetune("sentiment", smollm, files["reviews"], "--batch-size", batch,
                                                                     "--max-steps", 12)
        if smollm.exists() and files["sst2"].exists():
            yield "SmolLM2 LoRA SST-2, 16", self.finetune("classification", smollm, files["sst2"], "--task-name", "sst2", "--batch-size", 16,
                                                         "--max-train-samples", 8000, "--max-steps", 30)
        if smollm.exists() and files["qa"].exists():
            for more in ([], ["--bf16"], ["--gradient-checkpointing"]):
                yield "SmolLM2 LoRA SQuAD, 16 x 384 " + " ".join(more), self.finetune(
                    "qa", smollm, files["qa"], "--batch-size", 16, "--max-seq-length", 384, "--max-train-samples", 1000, "--max-steps", 4, *more)
        if files["gpt2 tokenizer"].exists():
            text = novel(self.scratch / "long.txt", 60000)
            config = self.scratch / "gpt2.json"
            config.write_text(json.dumps(GPT2_SMALL))
            for length, batch, more in ((256, 4, []), (256, 4, ["--bf16"]), (64, 1, []), (1024, 4, ["--gradient-checkpointing"])):
                yield f"GPT-2 small {batch} x {length} {' '.join(more)}", [
                    self.gptask, "pretrain", "--config-name", config, "--tokenizer", files["gpt2 tokenizer"], "--train-file", text,
                    "--output-dir", self.output(), "--block-size", str(length), "--batch-size", str(batch), "--max-steps", "2", "--threads", "2", *more]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    margin, wrong = (0.10, 0) if options.long else (0.20, 0)
    with tempfile.TemporaryDirectory(prefix="gptask-memory-") as folder:
        cases = Cases(options.bin.resolve() / "gptask", Path(folder))
        for name, command in cases.large() if options.long else cases.small():
            if options.only not in name:
                continue
            result = measure(list(map(str, command)))
            if result is None:
                wrong += 1
                continue
            estimate, peak = result
            good = abs(estimate / peak - 1) <= margin
            wrong += not good
            if options.table or not good:
                print(f"{name}: {estimate} MB by formula, {peak:.0f} MB measured, {estimate / peak - 1:+.1%}{'' if good else '   <-- too far'}",
                      flush=True)
    print(f"{wrong} runs too far from what was said")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
