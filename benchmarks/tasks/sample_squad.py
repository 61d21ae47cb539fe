#!/usr/bin/env python3
"""Takes COUNT questions of SQuAD, evenly spread over its articles: SQuAD's JSON on standard input, JSON lines on standard output.

Usage: zstdcat train-v1.1.json.zst | sample_squad.py 1000 > train-1000.jsonl
The step between two questions is the whole part of all / COUNT, starting with the first question: the same rows everywhere.
"""

import json
import sys


def questions(articles):
    for article in articles:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                answers = question["answers"]
                yield {
                    "id": question["id"],
                    "question": question["question"],
                    "context": paragraph["context"],
                    "answers": {name: [answer[name] for answer in answers] for name in ("text", "answer_start")},
                }


def main():
    count = int(sys.argv[1])
    everything = list(questions(json.load(sys.stdin)["data"]))
    step = max(1, len(everything) // count)
    for question in everything[::step][:count]:
        print(json.dumps(question, ensure_ascii=False))


if __name__ == "__main__":
    main()
