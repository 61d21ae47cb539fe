#!/usr/bin/env python3
"""Compares the losses of the first 20 steps on SQuAD with LlamaForQuestionAnswering under PEFT: same questions, order and initial weights.

gptask trains 320 questions once (batch 16, 5e-4, LoRA on all projections, span head); a run with a learning rate of nothing writes
the weights it starts from, which PEFT loads. Questions longer than a window are left out, so that an example is a question. A step
here is 16 passes of one question each, since Transformers takes padded places for candidates. Prints one JSON object.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

from measure import prepare, report
from task_data import END

import peft
import torch
import transformers
from tokenizers import Tokenizer

STEPS, BATCH, WINDOW, RATE = 20, 16, 384, 5e-4


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--questions", type=Path, required=True, help="JSON lines of benchmarks/tasks/sample_squad.py, 400 or more")
    parser.add_argument("--gptask", type=Path, default=Path("build/release/bin/gptask"))
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--output", type=Path, help="a file for the result and all losses, as JSON")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def encode(row, tokenizer):
    """Question, new line, passage, end; first and last token of the answer."""
    prefix = tokenizer.encode(row["question"], add_special_tokens=False).ids + tokenizer.encode("\n", add_special_tokens=False).ids
    passage = tokenizer.encode(row["context"], add_special_tokens=False)
    begin = row["answers"]["answer_start"][0]
    last = begin + len(row["answers"]["text"][0]) - 1
    place = [next(t for t, (a, b) in enumerate(passage.offsets) if a <= at < b) for at in (begin, last)]
    return prefix + passage.ids + [END], [len(prefix) + t for t in place]


def philox(key, high, low):
    """Philox4x32-10 (Salmon et al., SC 2011): the words that gptask's order of examples is drawn with."""
    mask = 0xFFFFFFFF
    k, c = [key & mask, key >> 32], [low & mask, low >> 32, high & mask, high >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & mask, (p >> 32) ^ c[3] ^ k[1], p & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def order(count, seed):
    """Fisher-Yates with Lemire's numbers below a bound."""
    words = (word for i in range(1 << 40) for word in philox(seed, 0, i))
    places = list(range(count))
    for bound in range(count, 1, -1):
        product = next(words) * bound
        while (product & 0xFFFFFFFF) < (-bound & 0xFFFFFFFF) % bound:
            product = next(words) * bound
        other = product >> 32
        places[bound - 1], places[other] = places[other], places[bound - 1]
    return places


def run_gptask(options, questions, folder, rate, steps):
    command = [options.gptask, "finetune", "qa", "--model", options.model, "--train-file", questions, "--output-dir", folder]
    command += ["--max-seq-length", WINDOW, "--batch-size", BATCH, "--num-train-epochs", 1, "--max-steps", steps, "--learning-rate", rate]
    command += ["--seed", 0, "--threads", options.threads, "--save-strategy", "no"]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in history if "loss" in entry]


def load_model(options, adapter):
    causal = transformers.AutoModelForCausalLM.from_pretrained(options.model.parent, gguf_file=options.model.name, dtype=torch.float32)
    model = transformers.LlamaForQuestionAnswering(causal.config)
    model.transformer.load_state_dict(causal.model.state_dict())
    return peft.PeftModel.from_pretrained(model, adapter, is_trainable=True)


def train(model, examples):
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.0)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=STEPS)
    places = order(len(examples), 0)
    losses = []
    for step in range(STEPS):
        total = 0.0
        for i in places[step * BATCH : (step + 1) * BATCH]:
            ids, (first, last) = examples[i]
            loss = model(input_ids=torch.tensor([ids]), start_positions=torch.tensor([first]), end_positions=torch.tensor([last])).loss / BATCH
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(total)
    return losses


def main():
    options = arguments()
    prepare(options.threads, 0)
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    with tempfile.TemporaryDirectory() as name, open(options.questions, encoding="utf-8") as file:
        folder = Path(name)
        chosen = [(line, *encode(json.loads(line), tokenizer)) for line in file]
        chosen = [item for item in chosen if len(item[1]) <= WINDOW][: STEPS * BATCH]
        (folder / "questions.jsonl").write_text("".join(line for line, *_ in chosen), encoding="utf-8")
        run_gptask(options, folder / "questions.jsonl", folder / "initial", 1e-30, 1)
        ours = run_gptask(options, folder / "questions.jsonl", folder / "trained", RATE, STEPS)
        model = load_model(options, folder / "initial")
    started = time.perf_counter()
    peer = train(model, [(ids, span) for _, ids, span in chosen])
    result = {
        "work": "SQuAD 1.1, losses of the first 20 steps",
        "questions": len(chosen),
        "peer_seconds": round(time.perf_counter() - started, 1),
        "largest_difference": max(abs(a - b) for a, b in zip(ours, peer)),
        "first_and_last": [[ours[0], peer[0]], [ours[-1], peer[-1]]],
    }
    report(**result)
    if options.output:
        options.output.write_text(json.dumps({**result, "gptask": ours, "peer": peer}, indent=1))


if __name__ == "__main__":
    main()
