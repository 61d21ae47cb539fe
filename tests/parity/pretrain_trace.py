"""The loss of every step of gptask pretrain beside PyTorch's: same weights, same order of batches, 200 steps.
  python pretrain_trace.py GPTASK [--write]
Needs torch, transformers and numpy. Trains on tests/text/bpe_cases/prose.txt with the configurations in
tests/train/pretrain_cases; --write keeps PyTorch's losses there as NAME_losses.json, which language_model_test.cc reads."""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoModelForCausalLM

TESTS = pathlib.Path(__file__).parents[1]
TEXT = TESTS / "text" / "bpe_cases" / "prose.txt"
CASES = TESTS / "train" / "pretrain_cases"
STEPS, BATCH, CONTEXT, SEED = 200, 4, 32, 42
RATE, MIN_RATE, WARMUP, DECAY, BETAS = 1e-3, 0.1, 10, 0.1, (0.9, 0.95)


def philox(key, high, low):
    """Salmon et al., 2011: Philox4x32-10."""
    mask = 0xFFFFFFFF
    k = [key & mask, key >> 32]
    c = [low & mask, low >> 32, high & mask, high >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & mask, (p0 >> 32) ^ c[3] ^ k[1], p0 & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def permutation(count, seed, stream):
    """gpt::permutation: Fisher-Yates with Lemire's bounded numbers."""
    words = (w for position in range(1 << 30) for w in philox(seed, stream, position))
    order = list(range(count))
    for i in range(count, 1, -1):
        product = next(words) * i
        while product & 0xFFFFFFFF < i and product & 0xFFFFFFFF < (2**32 - i) % i:
            product = next(words) * i
        j = product >> 32
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def learning_rate(step):
    if step < WARMUP:
        return RATE * step / WARMUP
    progress = (step - WARMUP) / (STEPS - WARMUP)
    return RATE * (MIN_RATE + (1 - MIN_RATE) * 0.5 * (1 + math.cos(math.pi * progress)))


def torch_losses(model, tokens):
    windows = [tokens[i:i + CONTEXT] for i in range(0, len(tokens) - 1, CONTEXT - 1)]
    per_epoch = (len(windows) + BATCH - 1) // BATCH
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                  lr=RATE, betas=BETAS, eps=1e-8)
    losses, order = [], []
    for step in range(STEPS):
        epoch, within = divmod(step, per_epoch)
        if within == 0:
            order = permutation(len(windows), SEED, epoch)
        loss, terms = 0, 0
        for index in order[within * BATCH:(within + 1) * BATCH]:
            ids = torch.tensor(windows[index], dtype=torch.long)[None]
            logits = model(ids).logits[0]
            loss = loss + torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum")
            terms += ids.shape[1] - 1
        loss = loss / terms
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.step()
        losses.append(loss.item())
    return losses


def main():
    gptask, worst_of_all = sys.argv[1], 0
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([gptask, "train-tokenizer", "--train-file", TEXT, "--vocab-size", "400", "--output-dir",
                        folder / "tokenizer"], check=True, capture_output=True)
        for name in ("llama", "gpt2"):
            common = [gptask, "pretrain", "--config-name", CASES / f"{name}.json", "--tokenizer", folder / "tokenizer",
                      "--seed", str(SEED)]
            subprocess.run([*common, "--init-only", "--output-dir", folder / f"{name}-init"], check=True,
                           capture_output=True)
            subprocess.run([*common, "--train-file", TEXT, "--block-size", str(CONTEXT), "--batch-size", str(BATCH),
                            "--max-steps", str(STEPS), "--learning-rate", str(RATE), "--min-lr-rate", str(MIN_RATE),
                            "--warmup-steps", str(WARMUP), "--weight-decay", str(DECAY), "--logging-steps", "1",
                            "--output-dir", folder / name], check=True, capture_output=True)
            history = json.loads((folder / name / "trainer_state.json").read_text())["log_history"]
            ours = [entry["loss"] for entry in history if "loss" in entry]
            content = (folder / name / "train.tokens").read_bytes()[:-72]
            model = AutoModelForCausalLM.from_pretrained(folder / f"{name}-init").train()
            theirs = torch_losses(model, np.frombuffer(content, dtype="<u2").astype(np.int64))
            worst = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
            worst_of_all = max(worst, worst_of_all)
            print(f"{name}: {STEPS} steps, loss {ours[0]:.4f} to {ours[-1]:.4f}, largest difference {worst:.2e}")
            if "--write" in sys.argv:
                (CASES / f"{name}_losses.json").write_text(json.dumps([round(x, 6) for x in theirs]) + "\n")
    return 0 if worst_of_all < 1e-3 else 1


if __name__ == "__main__":
    sys.exit(main())
