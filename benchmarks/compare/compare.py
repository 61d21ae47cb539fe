#!/usr/bin/env python3
"""gptask beside PyTorch, CTranslate2 and llama.cpp on this machine, row by row; benchmarks/run.sh starts it."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from programs import ROOT, Failed, Programs, machine_facts
from rows import ROWS


def arguments():
    cache = os.environ.get("GPTASK_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gptask"
    data = os.environ.get("GPTASK_DATA_DIR") or ROOT.parent / "shared/data"
    parser = argparse.ArgumentParser(prog="benchmarks/run.sh", description=__doc__)
    parser.add_argument("--peers", type=Path, help="the peers' Python environment (benchmarks/peers/setup.sh); without it only gptask runs")
    parser.add_argument("--gptask", type=Path, default=ROOT / "build/release/bin/gptask")
    parser.add_argument("--cache", type=Path, default=Path(cache), help="weights and reviews of scripts/fetch.sh")
    parser.add_argument("--data", type=Path, default=Path(data), help="the folder with sst2 and squad11 (docs/datasets.md)")
    parser.add_argument("--work", type=Path, default=ROOT / "runs/benchmarks", help="results, models and runs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=[row.name for row in ROWS], help="only these rows; the others keep their figures")
    parser.add_argument("--list", action="store_true", help="show the rows' names")
    parser.add_argument("--avx2", action="store_true", help="every side held to AVX2; llama.cpp has to be built for it (peers/setup.sh --avx2)")
    parser.add_argument("--trial", action="store_true", help="few steps: whether everything runs, no measurement")
    return parser.parse_args()


def measured(row, programs):
    """A row as results.json has it. A row that fails, or that this machine cannot do, says why and does not stop the others."""
    print(f"{row.name}: {row.work}", file=sys.stderr, flush=True)
    started = time.perf_counter()
    entry = {"row": row.name, "work": row.work, "figures": []}
    if row.bf16 and not programs.bf16:
        return {**entry, "left_out": "no bfloat16 products here"}
    try:
        for figure in row.run(programs):
            entry["figures"].append({"figure": figure.name, "gptask": figure.ours, "peers": figure.peers, "ratio": figure.ratio(),
                                     "goal": figure.goal, "less_is_better": figure.less, "digits": figure.digits})
    except Failed as error:
        entry["failed"] = str(error)
        print(f"{row.name}: failed: {error}", file=sys.stderr, flush=True)
    entry["seconds"] = round(time.perf_counter() - started, 1)
    return entry


def number(value, digits):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


def table(results):
    """Markdown: the machine's limits, then a line a figure."""
    m = results["machine"]
    lines = [f"{m['threads']} threads of {m['processor']} ({m['cores']} cores), commit {m['commit']}, {m['date']}. Limits of the machine in this run: "
             f"{m['float32_gflops']:.0f} GFLOP/s in float32, {m['bfloat16_gflops']:.0f} in bfloat16, {m['int8_gops']:.0f} GOP/s in int8, "
             f"{m['memory_gb_per_second']:.1f} GB/s from memory.{' Every side held to AVX2.' if results['avx2'] else ''}", ""]
    if results["trial"]:
        lines += ["A trial of a few steps: no measurement.", ""]
    lines += ["| Row | Work | Figure | gptask | Peers | Ratio | To reach |", "|---|---|---|---:|---|---:|---|"]
    for entry in results["rows"]:
        if not entry["figures"]:
            lines.append(f"| {entry['row']} | {entry['work']} | {entry.get('left_out', 'not measured')} | | | | |")
        for index, f in enumerate(entry["figures"]):
            names = [entry["row"], entry["work"]] if index == 0 else ["", ""]
            peers = "; ".join(f"{name}: {number(value, f['digits'])}" for name, value in f["peers"].items())
            ratio = f"{f['ratio']:.2f}" if f["ratio"] else ""
            lines.append(f"| {names[0]} | {names[1]} | {f['figure']} | {number(f['gptask'], f['digits'])} | {peers} | {ratio} | {f['goal']} |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    if options.list:
        for row in ROWS:
            print(f"{row.name:16}{row.work}")
        return 0
    programs = Programs(options)
    chosen = [row for row in ROWS if not options.only or row.name in options.only]
    file = options.work / "results.json"
    kept = json.loads(file.read_text(encoding="utf-8"))["rows"] if options.only and file.exists() else []
    entries = {entry["row"]: entry for entry in kept}
    results = {"trial": options.trial, "avx2": options.avx2, "machine": {**machine_facts(), **programs.limits}}
    for row in chosen:
        entries[row.name] = measured(row, programs)
        results["rows"] = [entries[one.name] for one in ROWS if one.name in entries]
        file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        (options.work / "table.md").write_text(table(results), encoding="utf-8")
    print(table(results), end="")
    return 1 if any("failed" in entries[row.name] for row in chosen) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as error:
        sys.exit(f"benchmarks/run.sh: {error}")
