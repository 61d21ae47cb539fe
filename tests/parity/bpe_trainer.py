"""Vocabulary and merges of the tokenizers library for the texts in tests/text/bpe_cases; writes NAME.json beside each
NAME.txt. Needs the tokenizers package (0.22). With --compare FILES... VOCABULARY TOKENIZER_JSON it compares a
tokenizer.json that gptask train-tokenizer wrote from FILES instead."""
import json
import pathlib
import random
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

CASES = pathlib.Path(__file__).parents[1] / "text" / "bpe_cases"


def train(files, vocabulary, min_frequency, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train(files, trainers.BpeTrainer(vocab_size=vocabulary, min_frequency=min_frequency,
                                               special_tokens=special, show_progress=False,
                                               initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return parts(json.loads(tokenizer.to_str()))


def parts(tokenizer):
    model = tokenizer["model"]
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    merges = [m if isinstance(m, list) else m.split(" ") for m in model["merges"]]
    return {"tokens": tokens, "merges": merges}


def write_ties():
    """Few letters and many words: most counts are equal."""
    rng = random.Random(7)
    words = ["".join(rng.choice("abc") for _ in range(rng.randint(1, 9))) for _ in range(900)]
    lines = [" ".join(words[i:i + 9]) for i in range(0, len(words), 9)]
    (CASES / "ties.txt").write_text("\n".join(lines) + "\n")


def main():
    if sys.argv[1:2] == ["--compare"]:
        *files, vocabulary, ours = sys.argv[2:]
        ours = json.loads(pathlib.Path(ours).read_text())
        special = [token["content"] for token in ours["added_tokens"]]
        equal = train(files, int(vocabulary), 0, special) == parts(ours)
        print("equal" if equal else "DIFFERENT")
        return 0 if equal else 1
    write_ties()
    for name, vocabulary, min_frequency, special in [("prose", 600, 2, ["<|endoftext|>"]),
                                                     ("ties", 900, 0, ["<|endoftext|>", "ab", "abc"]),
                                                     ("mixed", 5000, 0, [])]:
        case = {"vocabulary": vocabulary, "min_frequency": min_frequency, "special_tokens": special}
        case.update(train([str(CASES / f"{name}.txt")], vocabulary, min_frequency, special))
        (CASES / f"{name}.json").write_text(json.dumps(case, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
