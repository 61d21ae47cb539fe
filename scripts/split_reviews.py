#!/usr/bin/env python3
"""Splits the movie reviews into train.csv, validation.csv and test.csv (columns label and text), the same on every machine.

Usage: split_reviews.py rotten_tomatoes_corpus_full.csv.bz2 FOLDER

Reviews are the rows whose category is fresh or rotten, in file order, counted from 0 as k: test takes the first 2,000 rows
with k % 6 = 0, validation the first 500 with k % 6 = 1, training the first 1,600 with k % 6 = 2. Runs of white space in a
text become one space.
"""

import bz2
import csv
import os
import sys
from pathlib import Path

PARTS = {"test": (0, 2000), "validation": (1, 500), "train": (2, 1600)}  # name -> remainder of k / 6, rows


def read_reviews(path):
    """The (label, text) pairs of the reviews, in file order; plots are left out."""
    with bz2.open(path, "rt", encoding="utf-8", newline="") as file:
        return [
            (row["category"], " ".join(row["text"].split()))
            for row in csv.DictReader(file)
            if row["category"] in ("fresh", "rotten")
        ]


def write_part(path, rows):
    """Writes one CSV file, complete or not at all."""
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["label", "text"])
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    source, folder = Path(arguments[0]), Path(arguments[1])
    reviews = read_reviews(source)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (remainder, size) in PARTS.items():
        rows = reviews[remainder::6][:size]
        if len(rows) < size:
            sys.exit(f"{source}: holds {len(reviews)} reviews, too few for {size} in {name}; fetch the file again")
        write_part(folder / f"{name}.csv", rows)
        fresh = sum(label == "fresh" for label, _ in rows)
        print(f"Split: {folder / name}.csv, {len(rows)} reviews, {fresh} of them fresh")


if __name__ == "__main__":
    main(sys.argv[1:])
