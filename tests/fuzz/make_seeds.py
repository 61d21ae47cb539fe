#!/usr/bin/env python3
"""make_seeds.py FOLDER: small valid files of each kind, which the fuzzers start from."""
import json
import struct
import sys
from pathlib import Path

from tokenizer_seeds import tokenizer_seeds

SEEDS = Path(sys.argv[1])


def put(path: str, content: bytes) -> None:
    (SEEDS / path).parent.mkdir(parents=True, exist_ok=True)
    (SEEDS / path).write_bytes(content)


def safetensors(header: dict, size: int) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def strings(values: list[str]) -> bytes:
    return struct.pack("<IQ", 8, len(values)) + b"".join(map(text, values))


def gguf(entries: list[bytes], tensors: list[tuple[str, list[int], int, int]], size: int) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries)) + b"".join(entries)
    for name, dimensions, kind, offset in tensors:
        head += text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
    return head + bytes(-len(head) % 32) + bytes(size)


def main() -> None:
    put("safetensors/two", safetensors({"__metadata__": {"format": "pt"},
                                        "a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
                                        "b": {"dtype": "BF16", "shape": [3], "data_offsets": [16, 22]}}, 22))
    put("safetensors/empty", safetensors({}, 0))
    tokenizer = [
        entry("general.architecture", 8, text("llama")), entry("tokenizer.ggml.model", 8, text("gpt2")),
        entry("tokenizer.ggml.pre", 8, text("smollm")), entry("tokenizer.ggml.tokens", 9, strings(["a", "b", "ab", "<e>"])),
        entry("tokenizer.ggml.merges", 9, strings(["a b"])),
        entry("tokenizer.ggml.token_type", 9, struct.pack("<IQ4i", 5, 4, 1, 1, 1, 3)),
        entry("tokenizer.ggml.eos_token_id", 4, struct.pack("<I", 3)), entry("tokenizer.chat_template", 8, text("{{ m }}")),
    ]
    sizes = {"embedding_length": 8, "block_count": 1, "attention.head_count": 2, "attention.head_count_kv": 1,
             "feed_forward_length": 8, "context_length": 16}
    config = [entry(f"llama.{key}", 4, struct.pack("<I", value)) for key, value in sizes.items()]
    names = [("token_embd.weight", [8, 4]), ("blk.0.attn_norm.weight", [8]), ("blk.0.attn_q.weight", [8, 8]),
             ("blk.0.attn_k.weight", [8, 4]), ("blk.0.attn_v.weight", [8, 4]), ("blk.0.attn_output.weight", [8, 8]),
             ("blk.0.ffn_norm.weight", [8]), ("blk.0.ffn_gate.weight", [8, 8]), ("blk.0.ffn_up.weight", [8, 8]),
             ("blk.0.ffn_down.weight", [8, 8]), ("output_norm.weight", [8])]
    put("gguf/llama", gguf(tokenizer + config, [(n, d, 0, 256 * i) for i, (n, d) in enumerate(names)], 256 * len(names)))
    put("gguf/types", gguf([entry("x", 10, bytes(8)), entry("y", 12, bytes(8)), entry("z", 7, b"\1")],
                           [("q8", [32], 8, 0), ("q4", [32, 2], 2, 64), ("k", [256], 12, 128)], 272))
    llama = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 16, "hidden_size": 8,
             "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
             "intermediate_size": 8, "max_position_embeddings": 16, "rms_norm_eps": 1e-5, "hidden_act": "silu",
             "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}, "tie_word_embeddings": False,
             "attention_bias": False, "mlp_bias": False, "bos_token_id": 1, "eos_token_id": [2, 3], "pad_token_id": None}
    gpt2 = {"model_type": "gpt2", "vocab_size": 120, "n_embd": 48, "n_layer": 2, "n_head": 4, "n_inner": None,
            "n_positions": 40, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "attn_pdrop": 0.1}
    put("config/llama", json.dumps(llama).encode())
    put("config/gpt2", json.dumps(gpt2).encode())
    put("adapter/peft", json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "bias": "none",
                                    "target_modules": ["q_proj", "v_proj"], "task_type": "SEQ_CLS"}).encode())
    put("adapter/gptask", json.dumps({"format": 1, "task": {"name": "sentiment", "version": 1, "plugin": ""},
                                      "tuning": "lora", "adapter": True, "base": {"path": "b", "hash": "h"},
                                      "tokenizer": {"hash": "t"}, "max_tokens": 9, "state": {}, "options": {}}).encode())
    for name, file in tokenizer_seeds().items():
        put(f"tokenizer_json/{name}", json.dumps(file, ensure_ascii=False).encode())


main()
