"""Small tokenizer.json files with every part that the reader knows; make_seeds.py writes them."""


def _model(byte_level: bool) -> dict:
    space = "\u0120" if byte_level else "\u2581"
    letters = ["<unk>", "<s>", space, *"Helowrd,12's"] + ["\u00c3", "\u00a9"] * byte_level
    pairs = [("l", "l"), ("H", "e"), ("He", "ll"), (space, "w"), (space, space), ("1", "2")]
    vocab = {token: id for id, token in enumerate(dict.fromkeys(letters))}
    for left, right in pairs:
        vocab[left + right] = len(vocab)
    if not byte_level:
        vocab.update({f"<0x{byte:02X}>": len(vocab) + byte for byte in range(256)})
    merges = [f"{left} {right}" if byte_level else [left, right] for left, right in pairs]
    return {"type": "BPE", "dropout": None, "unk_token": None if byte_level else "<unk>", "fuse_unk": not byte_level,
            "byte_fallback": not byte_level, "ignore_merges": byte_level, "vocab": vocab, "merges": merges}


def _added(**flags: bool) -> list[dict]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [{"id": 1, "content": "<s>", **plain, **flags}]


def _split(pattern: dict, behavior: str, invert: bool = False) -> dict:
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def _file(byte_level: bool, **parts) -> dict:
    template = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                         {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [], "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
    bytes_ = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": _added(), "normalizer": None,
             "pre_tokenizer": bytes_ if byte_level else None, "post_processor": template,
             "decoder": bytes_ if byte_level else {"type": "Fuse"}, "model": _model(byte_level)}
    return {**whole, **parts}


def tokenizer_seeds() -> dict[str, dict]:
    bytes_ = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    forms = [{"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase")]
    changes = [{"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
               {"type": "Replace", "pattern": {"Regex": "l{2,}|\\s+"}, "content": "l"},
               {"type": "Strip", "strip_left": True, "strip_right": True}]
    cuts = [_split({"Regex": "(?i:'s)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\b\\w"}, "Removed", True),
            _split({"String": "l"}, "MergedWithNext"), _split({"Regex": "[a-e]"}, "Contiguous"),
            {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "MergedWithPrevious"},
            {"type": "WhitespaceSplit"}, {"type": "Whitespace"}]
    back = [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]
    metaspace = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": True}
    return {
        "bytes": _file(True),
        "forms": _file(True, normalizer={"type": "Sequence", "normalizers": forms}, added_tokens=_added(normalized=True)),
        "cuts": _file(True, pre_tokenizer={"type": "Sequence", "pretokenizers": cuts + [bytes_]}),
        "pieces": _file(False, normalizer={"type": "Sequence", "normalizers": changes},
                        decoder={"type": "Sequence", "decoders": back}),
        "metaspace": _file(False, pre_tokenizer=metaspace, decoder=metaspace, added_tokens=_added(lstrip=True, rstrip=True)),
        "words": _file(False, pre_tokenizer={"type": "Sequence", "pretokenizers": cuts[:5] + [metaspace]},
                       added_tokens=_added(single_word=True, special=False)),
    }
