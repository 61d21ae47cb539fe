#!/usr/bin/env python3
"""What pre-training buys: one network fine-tuned from a pre-trained folder and from random weights, with and without the
auxiliary language-model loss (weight 0.5), on movie reviews, SST-2, TREC and AG News. Prints a Markdown table.

Usage: table.py --gptask PROGRAM --model FOLDER --reviews FOLDER --data FOLDER --work FOLDER [--only NAME ...]
                [--seeds N ...] [--rates R ...]

--reviews holds train.csv, validation.csv and test.csv (scripts/split_reviews.py); --data holds sst2, trec and agnews as
described in benchmarks/pretraining/README.md. Each cell takes, of the learning rates, the one best on the validation
rows, and reports the accuracy on the test rows (mean of the seeds). Runs that --work holds already are not repeated.
"""

import argparse
import csv
import gzip
import json
import pathlib
import subprocess
import sys

RECIPE = ["--tuning", "full", "--num-train-epochs", "3", "--batch-size", "16", "--max-seq-length", "128",
          "--weight-decay", "0.01", "--warmup-ratio", "0.1", "--lr-scheduler-type", "linear", "--save-steps", "0", "--bf16"]
STARTS = ["pre-trained", "random"]
AUXILIARY = [0.0, 0.5]


def lines(path):
    with (gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")) as file:
        return file.read().splitlines()


def reviews(args):
    def rows(name):
        with open(args.reviews / f"{name}.csv", encoding="utf-8", newline="") as file:
            return [(row["label"], row["text"]) for row in csv.DictReader(file)]
    return rows("train"), rows("validation"), rows("test")


def sst2(args):
    """Whole sentences."""
    return tuple([tuple(line.split(" ", 1)) for line in lines(args.data / "sst2" / "sentences" / f"stsa.binary.{part}")]
                 for part in ("train.txt.gz", "dev.txt", "test.txt"))


def trec(args):
    """Six coarse classes; the last tenth of the training questions are the validation rows."""
    def rows(name):
        return [(line.split(":", 1)[0], line.split(" ", 1)[1]) for line in lines(args.data / "trec" / name)]
    train = rows("TREC.train.txt.gz")
    cut = len(train) * 9 // 10
    return train[:cut], train[cut:], rows("TREC.test.txt")


def agnews(args):
    """4,000 training rows, the official test rows (whose classes count from 1)."""
    def small(name):
        return [tuple(line.split("\t", 1)) for line in lines(args.data / "agnews" / name)]
    official = csv.reader(lines(args.data / "agnews" / "test_official.csv.gz"))
    test = [(str(int(label) - 1), f"{title} {description}") for label, title, description in official]
    return small("small.train.tsv.gz"), small("small.dev.tsv.gz"), test


DATA = {"movie reviews": reviews, "SST-2": sst2, "TREC": trec, "AG News": agnews}


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["label", "text"])
        writer.writerows(rows)


def run(command, log):
    with open(log, "w", encoding="utf-8") as file:
        if subprocess.run([str(part) for part in command], stdout=file, stderr=file).returncode != 0:
            sys.exit(f"failed: {' '.join(map(str, command))}; see {log}")


def accuracies(args, folder, model, auxiliary, rate, seed):
    """On validation and test rows."""
    name = f"{model.name}-aux{auxiliary}-lr{rate}-seed{seed}"
    output, tested = folder / name, folder / f"{name}-test"
    if not (tested / "test_results.json").exists():
        command = [args.gptask, "finetune", "classification", "--model", model, "--train-file", folder / "train.csv",
                   "--validation-file", folder / "validation.csv", "--output-dir", output, "--overwrite-output-dir",
                   "--learning-rate", rate, "--seed", seed, *RECIPE]
        run(command + (["--lm-coef", auxiliary] if auxiliary else []), folder / f"{name}.log")
        run([args.gptask, "evaluate", "--model", output, "--test-file", folder / "test.csv", "--output-dir", tested,
             "--overwrite-output-dir"], folder / f"{name}-test.log")
        (output / "model.safetensors").unlink()
    return (json.loads((output / "eval_results.json").read_text())["eval_accuracy"],
            json.loads((tested / "test_results.json").read_text())["test_accuracy"])


def cell(args, folder, model, auxiliary):
    """Mean test accuracy at the rate that is best on the validation rows."""
    best = (-1.0, 0.0, "")
    for rate in args.rates:
        found = [accuracies(args, folder, model, auxiliary, rate, seed) for seed in args.seeds]
        validation, test = (sum(values) / len(found) for values in zip(*found))
        best = max(best, (validation, test, rate))
    return {"validation": best[0], "test": best[1], "learning_rate": best[2]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("gptask", "model", "reviews", "data", "work"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--rates", nargs="+", default=["1e-3"])
    args = parser.parse_args()
    random = args.work / "random"
    if not (random / "all_results.json").exists():
        args.work.mkdir(parents=True, exist_ok=True)
        run([args.gptask, "pretrain", "--config-name", args.model / "config.json", "--tokenizer", args.model, "--init-only",
             "--output-dir", random, "--overwrite-output-dir"], args.work / "random.log")
    models = dict(zip(STARTS, (args.model, random)))
    print("| data | rows | pre-trained | pre-trained, auxiliary loss | random | random, auxiliary loss |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    results, wins = {}, True
    for name in args.only:
        folder = args.work / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        parts = DATA[name](args)
        for part, rows in zip(("train", "validation", "test"), parts):
            write(folder / f"{part}.csv", rows)
        cells = results[name] = {start: {str(a): cell(args, folder, models[start], a) for a in AUXILIARY}
                                 for start in STARTS}
        scores = [cells[start][str(a)]["test"] for start in STARTS for a in AUXILIARY]
        wins = wins and min(scores[:2]) > max(scores[2:])
        print(f"| {name} | {len(parts[0]):,} / {len(parts[2]):,} | " + " | ".join(f"{s:.3f}" for s in scores) + " |",
              flush=True)
    (args.work / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    return 0 if wins else 1


if __name__ == "__main__":
    sys.exit(main())
