"""Runs the programs of both sides, and makes once what several rows need: converted models, a fine-tuned folder, a passage."""

import datetime
import json
import os
import platform
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The recipe of scripts/quickstart.sh; finetune.py has the same built in.
RECIPE = ["--learning-rate", "5e-4", "--weight-decay", "0", "--lr-scheduler-type", "linear", "--warmup-steps", "0", "--max-grad-norm", "1",
          "--num-train-epochs", "1", "--seed", "0", "--save-strategy", "no", "--overwrite-output-dir"]
GPT2_SMALL = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 49152, "n_embd": 768, "n_layer": 12, "n_head": 12,
              "n_positions": 1024, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
              "resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


def machine_facts():
    """What was measured on, which commit, and when."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count(), "commit": commit,
            "date": datetime.date.today().isoformat()}


# What holds gptask (and its oneDNN), CTranslate2 (and its MKL) and PyTorch to AVX2.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "CT2_FORCE_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


class Failed(Exception):
    """A program that a row needs did not end well; its message says why."""


class Programs:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.threads = ["--threads", str(options.threads)]
        self.environment = {**os.environ, "HF_HUB_OFFLINE": "1", **(AVX2 if options.avx2 else {})}

    def run(self, command):
        """Standard output of a command, and its seconds."""
        command = [str(part) for part in command]
        print("  " + " ".join(command), file=sys.stderr, flush=True)
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: exit code {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done.stdout, time.perf_counter() - started

    def gptask(self, *arguments):
        """The JSON object that a gptask command prints."""
        output, _ = self.run([self.options.gptask, *arguments, *self.threads, "--json"])
        return json.loads(output.strip().splitlines()[-1])

    def peer(self, script, *arguments, threads=True):
        """The JSON objects that a program of benchmarks/peers prints; none where there are no peers."""
        if self.options.peers is None:
            return []
        command = [self.options.peers / "bin/python", ROOT / "benchmarks/peers" / script, *arguments, *(self.threads if threads else [])]
        return [json.loads(line) for line in self.run(command)[0].splitlines() if line.startswith("{")]

    def benchmark(self, *arguments):
        return self.gptask("benchmark", *arguments)

    def finetune(self, name, task, *arguments):
        """all_results.json of a run into the work folder."""
        self.gptask("finetune", task, "--output-dir", self.work / name, *RECIPE, *arguments)
        return json.loads((self.work / name / "all_results.json").read_text(encoding="utf-8"))

    def evaluate(self, name, file, *arguments):
        """test_results.json of a fine-tuned folder on a file."""
        output = self.work / f"{name}-test"
        self.gptask("evaluate", "--model", self.work / name, "--test-file", file, "--output-dir", output, "--overwrite-output-dir",
                    "--bootstrap-samples", "0", "--latency-samples", "0", *arguments)
        return json.loads((output / "test_results.json").read_text(encoding="utf-8"))

    def made(self, name, *command):
        """A file or folder of the work folder, made by a gptask command where it is not there yet."""
        path = self.work / name
        if not path.exists():
            self.gptask(*command, path)
        return path

    @cached_property
    def limits(self):
        """What this machine can do at best."""
        return self.benchmark("--config-name", "nano", "--vocab-size", "300", "--measure", "prompt", "--precision", "float32",
                              "--rounds", "1")["machine"][0]

    @property
    def bf16(self):
        return self.limits["bfloat16_gflops"] > 0

    @property
    def precisions(self):
        """Ways to hold weights on this machine."""
        return ["float32", *(["bfloat16"] if self.bf16 else []), "int8", "int4"]

    @cached_property
    def reviews(self):
        folder = self.options.cache / "reviews"
        if not (folder / "train.csv").exists():
            raise Failed(f"{folder}: no movie reviews there; scripts/fetch.sh fetches them")
        return folder

    @cached_property
    def weights(self):
        path = self.options.cache / "SmolLM2-135M-Instruct.Q4_1.gguf"
        if not path.exists():
            raise Failed(f"{path}: no weights there; scripts/fetch.sh fetches them")
        return path

    @cached_property
    def smollm2(self):
        """SmolLM2-135M as a Hugging Face folder in float32."""
        return self.made("smollm2-135m", "convert", "--model", self.weights, "--output-dir")

    def gguf(self, kind):
        """SmolLM2-135M quantized anew; its own file is Q4_1."""
        return self.weights if kind == "Q4_1" else self.made(f"smollm2-135m-{kind}.gguf", "convert", "--model", self.weights, "--type", kind,
                                                             "--output")

    @cached_property
    def gpt2(self):
        """Random weights of GPT-2 small's shape, with SmolLM2's tokenizer."""
        config = self.work / "gpt2-small.json"
        config.write_text(json.dumps(GPT2_SMALL), encoding="utf-8")
        return self.made("gpt2-small", "pretrain", "--init-only", "--config-name", config, "--tokenizer", self.smollm2, "--train-file",
                         self.passage, "--output-dir")

    @cached_property
    def passage(self):
        """The first 60 held-out reviews as one text."""
        path = self.work / "passage.txt"
        texts = (self.reviews / "test.csv").read_text(encoding="utf-8").splitlines()[1:61]
        path.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return path

    def data(self, path):
        if self.options.data is None or not (self.options.data / path).exists():
            raise Failed(f"{path} is not there; --data names the folder of data sets (docs/datasets.md)")
        return self.options.data / path

    def perplexity(self, model, precision="float32"):
        return self.gptask("score", "--model", model, "--file", self.passage, "--precision", precision)["perplexity"]
