"""Rows of the data files that both sides read: texts with labels, and questions about passages in SQuAD's format."""

import csv
import gzip
import io
import json
from pathlib import Path


def read_text(path):
    path = Path(path)
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode("utf-8")
    if path.suffix == ".zst":
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read().decode("utf-8")
    return path.read_text(encoding="utf-8")


def labelled_texts(path, text_column, label_column):
    """(text, label) of each row of a CSV or TSV file with a heading. TSV knows no quotes, as GLUE's files have it."""
    tabs = ".tsv" in Path(path).suffixes
    options = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {}
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""), **options)
    return [(row[text_column], row[label_column]) for row in rows]


def questions(path):
    """(question, passage, first character of the answer, its end) of each question of a SQuAD file."""
    found = []
    for article in json.loads(read_text(path))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answer = question["answers"][0]
                first = answer["answer_start"]
                found.append((question["question"], paragraph["context"], first, first + len(answer["text"])))
    return found
