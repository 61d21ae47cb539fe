#!/usr/bin/env python3
"""How speed and memory of gptask grow with threads, sequence length, batch size and the size of the model, on this machine, without any peer.

benchmarks/compare/growth.py [--gptask PROGRAM] [--work FOLDER] [--resume | --redraw]; 15 to 30 minutes. Writes growth.json, growth.md and growth.svg.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from picture import charts
from programs import ROOT, machine_facts

# Shapes alone, with random weights; hidden, layers, heads, key-value heads, feed-forward width, vocabulary.
SHAPES = {"5.9 M": (256, 5, 4, 4, 640, 8192), "35 M": (512, 8, 8, 8, 1408, 16384), "135 M": (576, 30, 9, 3, 1536, 49152),
          "360 M": (960, 32, 15, 5, 2560, 49152)}
GROWN = "135 M"  # the shape of SmolLM2-135M, which the other tables vary
TRAIN = ("float32", "bfloat16")


def config(shape):
    hidden, layers, heads, kv_heads, intermediate, vocabulary = shape
    return {"model_type": "llama", "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
            "num_key_value_heads": kv_heads, "intermediate_size": intermediate, "vocab_size": vocabulary, "max_position_embeddings": 8192,
            "rms_norm_eps": 1e-5, "rope_theta": 100000, "hidden_act": "silu", "tie_word_embeddings": True}


def measure(options, name, *flags):
    """The object that gptask benchmark prints for a shape."""
    file = options.work / f"{name.replace(' ', '')}.config.json"
    file.write_text(json.dumps(config(SHAPES[name])), encoding="utf-8")
    command = [str(part) for part in (options.gptask, "benchmark", "--config-name", file, "--threads", options.threads, "--json", *flags)]
    print(" ".join(command), file=sys.stderr, flush=True)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def run(options, file):
    """Measures what a results file does not have yet, and writes the file after each piece."""
    results = json.loads(file.read_text(encoding="utf-8")) if options.resume else {**machine_facts(), "sizes": {}, "grown": {}}

    def add(part, key, *arguments):
        if key not in results[part]:
            results[part][key] = measure(options, *arguments)
            file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    for name in SHAPES:
        add("sizes", name, name, "--tasks", "language-model", "--measure", "training,prompt,decoding", "--sequences", "1")
    has_bf16 = results["sizes"][GROWN]["machine"][0]["bfloat16_gflops"] > 0
    for precision in TRAIN if has_bf16 else TRAIN[:1]:
        add("grown", precision, GROWN, "--precision", precision, "--tasks", "language-model", "--tuning", "lora",
            "--measure", "training,prompt,decoding", "--vary", "threads,length,batch_size")
    return results


def only(rows, **what):
    """The first row with these values, or None."""
    return next((row for row in rows if all(row[key] == value for key, value in what.items())), None)


def number(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def table(heads, lines):
    """Without the columns of what this machine does not have."""
    known = [column for column in range(len(heads)) if any(line[column] is not None for line in lines)]
    heads, lines = [heads[column] for column in known], [[line[column] for column in known] for line in lines]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    return rows + ["| " + " | ".join(one if isinstance(one, str) else number(one) for one in line) + " |" for line in lines] + [""]


def value(row, key="tokens_per_second"):
    return None if row is None else row[key]


def figures(results):
    """Rows of the four tables: what grows, then tokens a second and peak memory."""
    full = next(iter(results["sizes"].values()))["model"]["threads"]
    grown = results["grown"]

    def of(precision, kind, **what):
        return only(grown[precision][kind] if precision in grown else [], **what)

    threads = sorted({row["threads"] for row in grown["float32"]["training"]})
    lengths = sorted({row["length"] for row in grown["float32"]["training"] if row["batch_size"] == 1})
    batches = sorted({row["batch_size"] for row in grown["float32"]["training"] if row["length"] == 64})
    by_threads = [[str(count)] + [value(of(p, "training", threads=count, batch_size=4, length=256)) for p in TRAIN]
                  + [value(of(p, "prompt", threads=count)) for p in TRAIN]
                  + [value(of(p, "decoding", threads=count, sequences=1, beams=1)) for p in TRAIN] for count in threads]
    by_length = []
    for length in lengths:
        rows = [of(p, "training", threads=full, batch_size=1, length=length) for p in TRAIN]
        prompts = [of(p, "prompt", threads=full, tokens=length) for p in TRAIN]
        by_length.append([f"{length:,}", *map(value, rows), value(rows[0], "peak_memory_gb"), *map(value, prompts), value(prompts[0], "peak_memory_gb")])
    by_batch = []
    for batch in batches:
        rows = [of(p, "training", threads=full, batch_size=batch, length=64) for p in TRAIN]
        written = [of(p, "decoding", threads=full, sequences=batch, beams=1) for p in TRAIN]
        by_batch.append([str(batch), *map(value, rows), value(rows[0], "peak_memory_gb"), *map(value, written), value(written[0], "peak_memory_gb")])
    by_size = []
    for name, result in results["sizes"].items():
        rows = [only(result["training"], precision=p) for p in TRAIN]
        by_size.append([name, *map(value, rows), value(rows[0], "peak_memory_gb"),
                        *[value(only(result["prompt"], precision=p)) for p in (*TRAIN, "int8")],
                        *[value(only(result["decoding"], precision=p)) for p in ("float32", "int8", "int4")]])
    return by_threads, by_length, by_batch, by_size


def document(results):
    by_threads, by_length, by_batch, by_size = figures(results)
    limits = results["grown"]["float32"]["machine"]
    said = "; ".join(f"{m['threads']} threads {m['float32_gflops']:.0f} GFLOP/s in float32, {m['bfloat16_gflops']:.0f} in bfloat16, "
                     f"{m['int8_gops']:.0f} GOP/s in int8, {m['memory_gb_per_second']:.1f} GB/s" for m in limits)
    lines = [f"{results['processor']} ({results['cores']} cores), commit {results['commit']}, {results['date']}. Limits: {said}.", "",
             "Threads (LoRA steps of 4 x 256 tokens, a prompt of 512, one sequence written; tokens/s)", ""]
    lines += table(["threads", "step, f32", "step, bf16", "prompt, f32", "prompt, bf16", "writing, f32", "writing, bf16"], by_threads)
    lines += ["Length (LoRA steps of one sequence, and a prompt, of so many tokens; tokens/s and GB)", ""]
    lines += table(["tokens", "step, f32", "step, bf16", "GB, f32", "prompt, f32", "prompt, bf16", "GB, f32"], by_length)
    lines += ["Batch size (LoRA steps of so many sequences of 64 tokens; so many sequences written at once)", ""]
    lines += table(["sequences", "step, f32", "step, bf16", "GB, f32", "writing, f32", "writing, bf16", "GB, f32"], by_batch)
    lines += ["Size of the model (all weights trained, 4 x 256 tokens; a prompt of 512; one sequence written)", ""]
    lines += table(["weights", "step, f32", "step, bf16", "GB, f32", "prompt, f32", "prompt, bf16", "prompt, int8", "writing, f32", "writing, int8",
                    "writing, int4"], by_size)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gptask", type=Path, default=ROOT / "build/release/bin/gptask")
    parser.add_argument("--work", type=Path, default=ROOT / "runs/growth")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on where a run on this machine ended")
    parser.add_argument("--redraw", action="store_true", help="only the tables and the picture, from growth.json")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    file = options.work / "growth.json"
    results = json.loads(file.read_text(encoding="utf-8")) if options.redraw else run(options, file)
    text = document(results)
    (options.work / "growth.md").write_text(text, encoding="utf-8")
    (options.work / "growth.svg").write_text(charts(results, figures(results)), encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
