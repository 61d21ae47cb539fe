#!/usr/bin/env python3
"""Compare `gptask tokenize` with the tokenizers library: ids, offsets and decoded text of every line of the texts.

Needs tokenizers, transformers and gguf from PyPI, and the program zstd. The tokenizers and the texts are those of tests/text/parity.json.
Usage: tokenizer_parity.py --gptask build/release/bin/gptask [--only NAME] [--limit LINES] [--write tests/text/parity_digests.json]
With --write, what the library says is kept as one checksum a tokenizer and file: tests/text/parity_test.cc compares with it
where there is no Python. Exit code 0 if all is equal, 1 if not, 77 if the texts or the packages are missing.
"""
import argparse, gzip, json, os, pathlib, random, subprocess, sys, tempfile, unicodedata, zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
DATA = pathlib.Path(os.environ.get("GPTASK_DATA_DIR", SHARED / "data"))
REFERENCE = pathlib.Path(os.environ.get("GPTASK_REFERENCE_DIR", SHARED / "reference"))


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


try:
    import numpy
    from gguf import GGUFReader
    from tokenizers import Tokenizer
    from transformers.convert_slow_tokenizer import generate_merges
except ImportError as error:
    skip(error)
if not (DATA / "tokenizers_other").exists() or not REFERENCE.exists():
    skip("needs the folders data and reference")


def read_bytes(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    return gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()


def lines_of(path):
    lines = read_bytes(path).decode("utf-8").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def noise(count):
    """Lines of characters from everywhere, with special tokens, runs of spaces and words between them."""
    ranges = [(33, 126), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0x1E00, 0x1FFF),
              (0x2000, 0x20CF), (0x2460, 0x24FF), (0x3040, 0x30FF), (0x4E00, 0x4EFF), (0xAC00, 0xACFF), (0xF900, 0xFAFF),
              (0xFB00, 0xFB4F), (0xFDF0, 0xFDFF), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F)]
    pieces = [" ", "  ", "\t", "    ", "<|endoftext|>", "<s>", "</s>", "<unk>", "\u2581", "the", " the ", "Man", "MAN", "ing a",
              "12", "345678", "'s", "'LL", "don't", "\u00a0", "\u3000", "e\u0301\u0323", "\u0130", "\u03a3", "qu", "<0x0A>"]
    draw, lines = random.Random(1), []
    for _ in range(count):
        line = ""
        for _ in range(draw.randint(1, 40)):
            kind = draw.random()
            line += draw.choice(pieces) if kind < 0.4 else chr(draw.randint(*draw.choice(ranges[: 1 if kind < 0.6 else None])))
        lines.append("".join(c for c in line if unicodedata.category(c) not in ("Cn", "Cs")))
    return lines


def llama2(folder):
    """Llama 2's tokenizer.json as Transformers converts it, from the scores of a GGUF file."""
    path = folder / "llama2.gguf"
    path.write_bytes(read_bytes(DATA / "tokenizers_other" / "ggml-vocab-llama-spm.gguf.zst"))
    fields = GGUFReader(path).fields
    texts, scores, types = (fields["tokenizer.ggml." + key] for key in ("tokens", "scores", "token_type"))
    tokens = [bytes(texts.parts[i]).decode() for i in texts.data]
    special = {token for token, i in zip(tokens, types.data) if int(types.parts[i][0]) in (2, 3)}
    odd = special | {token for token, i in zip(tokens, types.data) if int(types.parts[i][0]) == 6}
    score = {token: float(scores.parts[i][0]) for token, i in zip(tokens, scores.data)}
    vocab = {token: id for id, token in enumerate(tokens)}
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [dict(id=vocab[token], content=token, **flags) for token in sorted(special, key=vocab.get)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None, "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": [list(merge) for merge in generate_merges(vocab, score, odd)]},
    }


def bases(folder):
    return {"smollm2": json.loads((REFERENCE / "tokenizers/smollm2/tokenizer.json").read_text()),
            "gpt2": json.loads(read_bytes(DATA / "tokenizer_gpt2/tokenizer.json.gz")),
            "llama2": llama2(folder)}


def patched(value, patch):
    """JSON merge patch (RFC 7386), except that null is kept."""
    if not isinstance(value, dict) or not isinstance(patch, dict) or "type" in patch:
        return patch
    return {**value, **{key: patched(value.get(key), change) for key, change in patch.items()}}


class Library:
    """What the tokenizers library says of lines, and a checksum of it."""

    def __init__(self, text):
        self.tokenizer = Tokenizer.from_str(text)

    def encode(self, lines):
        return [(e.ids, e.offsets) for e in self.tokenizer.encode_batch(lines, add_special_tokens=False)]

    def decode(self, encodings):
        return self.tokenizer.decode_batch([ids for ids, _ in encodings], skip_special_tokens=False)


def checksum(encodings):
    value = 0
    for ids, offsets in encodings:
        value = zlib.crc32(numpy.array(ids, "<u4").tobytes(), value)
        value = zlib.crc32(numpy.array(offsets, "<u4").tobytes(), value)
    return value


def answers(gptask, model, texts, folder, *flags):
    """What the program says of each text, as JSON."""
    source = folder / "lines.txt"
    source.write_text("".join(text + "\n" for text in texts), encoding="utf-8", newline="\n")
    command = [gptask, "tokenize", "--model", model, "--file", source, "--json", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            yield json.loads(line)


def differences(gptask, model, lines, expected, decoded, folder):
    """Lines where the program says something else; prints the first ones."""
    # The program leaves out lines without text.
    told = [(line, *rest) for line, rest in zip(lines, zip(expected, decoded)) if line.strip(" \t")]
    encoded = list(answers(gptask, model, [line for line, *_ in told], folder))
    back = list(answers(gptask, model, [str(ids or [-1]) for _, (ids, _), _ in told], folder, "--decode"))
    if len(encoded) != len(told) or len(back) != len(told):
        print(f"  the program stopped early: {(encoded + back)[-1:]}")
        return 1
    count = 0
    for number, ((line, (ids, offsets), text), ours, again) in enumerate(zip(told, encoded, back)):
        if (ours["text"] == line and ours["ids"] == ids and ours["offsets"] == [list(o) for o in offsets]
                and again["text"] == text):
            continue
        count += 1
        if count <= 3:
            print(f"  text {number + 1}: {line[:200]!r}\n    library {ids[:40]} {offsets[:40]} {text[:200]!r}\n"
                  f"    gptask  {ours['ids'][:40]} {ours['offsets'][:40]} {again['text'][:200]!r}")
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gptask", required=True)
    parser.add_argument("--only")
    parser.add_argument("--limit", type=int, default=10**9)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    plan = json.loads((ROOT / "tests/text/parity.json").read_text())
    texts = {name: lines_of(DATA / name)[: arguments.limit] for name in plan["files"]}
    texts["noise"] = noise(min(20000, arguments.limit))
    bad, digests = 0, {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        known = bases(folder)
        for entry in plan["tokenizers"]:
            if arguments.only and arguments.only != entry["name"]:
                continue
            text = json.dumps(patched(known[entry["base"]], entry["patch"]), ensure_ascii=False)
            model = folder / "tokenizer.json"
            model.write_text(text, encoding="utf-8")
            library = Library(text)
            digests[entry["name"]] = {}
            for file, lines in texts.items():
                expected = library.encode(lines)
                if file != "noise":
                    digests[entry["name"]][file] = checksum(expected)
                decoded = library.decode(expected)
                different = differences(arguments.gptask, model, lines, expected, decoded, folder)
                bad += different
                tokens = sum(len(ids) for ids, _ in expected)
                print(f"{entry['name']}: {file}: {len(lines)} lines, {tokens} tokens, {different} different", flush=True)
    if arguments.write:
        arguments.write.write_text(json.dumps(digests, indent=1) + "\n")
    print("lines:", sum(map(len, texts.values())), "each; different:", bad)
    sys.exit(1 if bad else 0)


main()
