"""The data sets of finetune_task.py as token ids: the rows, templates and cuts that gptask's tasks have (gptask finetune TASK --dry-run)."""

import csv
import io
import json
from dataclasses import dataclass, field

from text_files import read_text

END = 2  # <|im_end|>: what a written text ends with


@dataclass
class Example:
    ids: list
    label: float = 0
    loss_from: int = 0  # first token of the target, in a text to write
    references: list = field(default_factory=list)
    source: str = ""


@dataclass
class Texts:
    """A task that writes: where its texts are, its template, its longest texts in tokens."""

    template: str
    longest: int
    longest_target: int
    training: int
    testing: int


WRITTEN = {
    "dialogsum": Texts("{source}\n\nSummary:", 512, 96, 1000, 100),
    "multi30k": Texts("English: {source}\nGerman:", 160, 64, 4000, 200),
}
LONGEST = 128  # tokens of a pair


def lines(path):
    """The lines of a file, decompressed."""
    return io.StringIO(read_text(path), newline="\n")


def rows(path, skip=0):
    """The fields of a file of tab-separated values without quotes."""
    return list(csv.reader(lines(path), delimiter="\t", quoting=csv.QUOTE_NONE))[skip:]


def mrpc(data, part):
    return [(int(row[0]), row[3], row[4]) for row in rows(data / f"mrpc/{part}.tsv.gz", skip=1)]


def stsb(data, part):
    return [(float(row[4]), row[5], row[6]) for row in rows(data / f"stsb/sts-{part}.csv.gz")]


def pairs(task, data, tokenizer):
    """Training and test examples of MRPC or STS-B."""
    read = {"mrpc": mrpc, "stsb": stsb}[task]
    parts = [read(data, part) for part in ("train", "test")]
    made = []
    for part in parts:
        encoded = tokenizer.encode_batch([f"{first}\n{second}" for _, first, second in part], add_special_tokens=False)
        made.append([Example(item.ids, label) for item, (label, _, _) in zip(encoded, part)])
        if max(len(example.ids) for example in made[-1]) > LONGEST:
            raise SystemExit(f"{task}: a pair is longer than {LONGEST} tokens, and this program does not cut")
    return made


def dialogues(data, part):
    suffix = "zst" if part == "train" else "gz"
    for line in lines(data / f"dialogsum/dialogsum.{part}.jsonl.{suffix}"):
        row = json.loads(line)
        yield row["dialogue"], [row[name] for name in ("summary", "summary1", "summary2", "summary3") if name in row]


def captions(data, part):
    name = {"train": "train", "test": "test_2016_flickr"}[part]
    for english, german in zip(*(lines(data / f"multi30k/{name}.{language}.gz") for language in ("en", "de"))):
        yield english.rstrip("\n"), [german.rstrip("\n")]


def written(task, data, tokenizer):
    """Training examples (prompt and target) and test examples (prompt) of DialogSum or Multi30k."""
    read, texts = {"dialogsum": dialogues, "multi30k": captions}[task], WRITTEN[task]

    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    before, after = (encode(part) for part in texts.template.split("{source}"))
    room = texts.longest - texts.longest_target - len(before) - len(after)

    def example(source, references, with_target):
        made = Example(before + encode(source)[:room] + after, references=references, source=source)
        made.loss_from = len(made.ids)
        if with_target:
            made.ids = made.ids + encode(" " + references[0])[: texts.longest_target - 1] + [END]
        return made

    training = [example(*row, True) for _, row in zip(range(texts.training), read(data, "train"))]
    return training, [example(*row, False) for _, row in zip(range(texts.testing), read(data, "test"))]
