"""The rows of the comparison. Each function runs both sides of one piece of work and returns its figures."""

import statistics
import time
from dataclasses import dataclass, field

from programs import ROOT

TORCH = "PyTorch"


@dataclass
class Figure:
    name: str
    ours: float
    peers: dict = field(default_factory=dict)  # by name; the best one counts
    goal: str = ""
    less: bool = False  # is better
    digits: int = 1

    def ratio(self):
        """How many times better gptask is than the best peer."""
        known = [value for value in self.peers.values() if value]
        if not known or not self.ours:
            return None
        return min(known) / self.ours if self.less else self.ours / max(known)


@dataclass
class Row:
    name: str
    work: str
    run: object  # programs -> figures
    bf16: bool  # needs products in bfloat16


ROWS = []


def row(name, work, bf16=False):
    def register(function):
        ROWS.append(Row(name, work, function, bf16))
        return function

    return register


def named(results, name, field_name):
    """{peer's name: figure} of the only result of a peer program; empty where there are no peers."""
    return {name: result[field_name] for result in results[:1]}


def steps(programs, usual):
    return 2 if programs.options.trial else usual


# GPT-2 small, all weights -------------------------------------------------------------------------------------------------------


def gpt2_language_model(programs, short, precision, goals):
    work = ["--config-name", "gpt2", "--tuning", "full", "--measure", "training", "--task", "language-model", "--precision", precision,
            "--batch-size", "4", "--length", "256", "--steps", steps(programs, 8)]
    step, again = (programs.benchmark(*work, *more)["training"][0] for more in ([], ["--gradient-checkpointing"]))
    peer = programs.peer("gpt2_training.py", "--work", "language-model", "--precision", short, "--steps", steps(programs, 5))
    return [Figure("tokens/s", step["tokens_per_second"], named(peer, TORCH, "training_tokens_per_second"), goals[0]),
            Figure("% of the matrix peak", 100 * step["share_of_peak"], goal=goals[1]),
            Figure("peak memory, GB", step["peak_memory_gb"], named(peer, TORCH, "peak_rss_gb"), goals[2], less=True, digits=2),
            Figure("tokens/s, --gradient-checkpointing", again["tokens_per_second"], named(peer, TORCH, "training_tokens_per_second"), goals[0]),
            Figure("peak memory, GB, --gradient-checkpointing", again["peak_memory_gb"], named(peer, TORCH, "peak_rss_gb"), goals[2], less=True,
                   digits=2)]


@row("gpt2-f32", "GPT-2 small shape, causal LM, 4 x 256, whole training step, f32")
def gpt2_f32(programs):
    return gpt2_language_model(programs, "f32", "float32", ["1.4 x", "85 %", "half"])


@row("gpt2-bf16", "the same in bf16", bf16=True)
def gpt2_bf16(programs):
    return gpt2_language_model(programs, "bf16", "bfloat16", ["1.8 x", "", ""])


def sst2_columns():
    return ["--text-column", "sentence", "--label-column", "label"]


def gpt2_sst2(programs, short, flags):
    count = steps(programs, 15)
    training = programs.data("sst2/train.tsv.gz")
    ours = programs.finetune(f"gpt2-sst2-{short}", "classification", "--task-name", "sst2", "--model", programs.gpt2, "--train-file", training,
                             "--max-train-samples", "8000", "--tuning", "full", "--batch-size", "32", "--max-steps", 2 * count, *flags)
    peer = programs.peer("finetune.py", "--model", programs.gpt2, "--tokenizer", programs.smollm2 / "tokenizer.json", "--train-file", training,
                         *sst2_columns(), "--max-train-samples", "8000", "--tuning", "full", "--batch-size", "32", "--precision", short,
                         "--steps", count)
    return [Figure("real tokens/s", ours["train_tokens_per_second"], named(peer, TORCH, "training_tokens_per_second"), "3 x"),
            Figure("peak memory, GB", ours["train_peak_memory_bytes"] / 1e9, named(peer, TORCH, "peak_rss_gb"), less=True, digits=2)]


@row("gpt2-sst2-f32", "GPT-2 small shape, classification, SST-2 lengths, batch 32, f32")
def gpt2_sst2_f32(programs):
    return gpt2_sst2(programs, "f32", [])


@row("gpt2-sst2-bf16", "the same in bf16", bf16=True)
def gpt2_sst2_bf16(programs):
    return gpt2_sst2(programs, "bf16", ["--bf16"])


# SmolLM2-135M, adapters and heads -------------------------------------------------------------------------------------------------


def peer_flags(programs):
    return ["--model", programs.smollm2, "--tokenizer", programs.smollm2 / "tokenizer.json"]


def lora_reviews(programs, short, flags, goals):
    count, name = steps(programs, 30), f"reviews-{short}"
    few = steps(programs, 400)
    train, test = (programs.reviews / f"{part}.csv" for part in ("train", "test"))
    ours = programs.finetune(name, "sentiment", "--model", programs.weights, "--train-file", train, "--tuning", "lora", "--batch-size", "16",
                             "--max-steps", 2 * count, *flags)
    answers = programs.evaluate(name, test, "--batch-size", "16", "--max-eval-samples", 2 * few, *flags)
    peer = programs.peer("finetune.py", *peer_flags(programs), "--train-file", train, "--test-file", test, "--precision", short,
                         "--steps", count, "--test-examples", few)
    return [Figure("real tokens/s", ours["train_tokens_per_second"], named(peer, TORCH, "training_tokens_per_second"), goals[0]),
            Figure("peak memory, GB", ours["train_peak_memory_bytes"] / 1e9, named(peer, TORCH, "peak_rss_gb"), goals[1], less=True, digits=2),
            Figure("evaluation, examples/s", answers["test_samples_per_second"], named(peer, TORCH, "evaluation_examples_per_second"), goals[2])]


@row("reviews-f32", "SmolLM2-135M, LoRA r 8, movie reviews, batch 16, and their evaluation, f32")
def reviews_f32(programs):
    return lora_reviews(programs, "f32", [], ["2.5 x", "1.2 GB", "2.4 x"])


@row("reviews-bf16", "the same in bf16", bf16=True)
def reviews_bf16(programs):
    return lora_reviews(programs, "bf16", ["--bf16"], ["3.2 x", "1.2 GB", "3 x"])


@row("sst2", "SmolLM2-135M, LoRA r 8, SST-2, batch 16, f32")
def sst2(programs):
    training = programs.data("sst2/train.tsv.gz")
    ours = programs.finetune("sst2", "classification", "--task-name", "sst2", "--model", programs.weights, "--train-file", training,
                             "--max-train-samples", "8000", "--tuning", "lora", "--batch-size", "16", "--max-steps", 3 * steps(programs, 20))
    speeds = {}
    for name, more in (("padded", []), ("grouped by length", ["--group-by-length"])):
        peer = programs.peer("finetune.py", *peer_flags(programs), "--train-file", training, *sst2_columns(), "--max-train-samples", "8000",
                             "--steps", steps(programs, 20), *more)
        speeds[name] = named(peer, f"{TORCH}, {name}", "training_tokens_per_second")
    rate = ours["train_tokens_per_second"]
    return [Figure("real tokens/s", rate, speeds["padded"], "4 x"),
            Figure("real tokens/s, the peer in batches of like length", rate, speeds["grouped by length"])]


@row("squad", "SmolLM2-135M, LoRA r 8, SQuAD, 384 tokens, batch 16, f32")
def squad(programs):
    training = programs.data("squad11/train-v1.1.json.zst")
    ours = programs.finetune("squad", "qa", "--model", programs.weights, "--train-file", training, "--max-train-samples", "1000",
                             "--tuning", "lora", "--batch-size", "16", "--max-seq-length", "384", "--max-steps", 2 * steps(programs, 4))
    peer = programs.peer("finetune.py", "--task", "spans", *peer_flags(programs), "--train-file", training, "--max-train-samples", "1000",
                         "--max-length", "384", "--steps", steps(programs, 4))
    return [Figure("real tokens/s", ours["train_tokens_per_second"], named(peer, TORCH, "training_tokens_per_second"), "2.5 x"),
            Figure("peak memory, GB", ours["train_peak_memory_bytes"] / 1e9, named(peer, TORCH, "peak_rss_gb"), "2.5 GB", less=True, digits=2)]


@row("head", "SmolLM2-135M, head only, movie reviews, 10 epochs, f32")
def head(programs):
    train, count = programs.reviews / "train.csv", steps(programs, 40)
    flags = ["--num-train-epochs", "10", "--learning-rate", "1e-3"] + (["--max-train-samples", "64"] if programs.options.trial else [])
    started = time.perf_counter()
    programs.finetune("head", "sentiment", "--model", programs.weights, "--train-file", train, "--tuning", "head", "--batch-size", "16", *flags)
    whole = time.perf_counter() - started
    peer = programs.peer("finetune.py", *peer_flags(programs), "--train-file", train, "--tuning", "head", "--learning-rate", "1e-3",
                         "--steps", count)
    peers = {f"{TORCH}, from {result['steps']} of 1,000 steps": result["training_seconds"] * 1000 / result["steps"] for result in peer}
    return [Figure("seconds of the whole run", whole, peers, "20 x", less=True)]


# SmolLM2-135M, reading and writing ------------------------------------------------------------------------------------------------


def perplexities(programs):
    """Of the passage: gptask's precisions, and the weights of the files that llama.cpp runs."""
    if not hasattr(programs, "known_perplexities"):
        found = {precision: programs.perplexity(programs.weights, precision) for precision in programs.precisions}
        found.update({kind: programs.perplexity(programs.gguf(kind)) for kind in ("Q4_0", "Q8_0")})
        programs.known_perplexities = found
    return programs.known_perplexities


def writing(programs):
    """gptask benchmark's rows for prompts and decoding, and the peers' results by name; measured once for all rows."""
    if not hasattr(programs, "known_writing"):
        rounds = ["--rounds", "1"] if programs.options.trial else []
        ours = programs.benchmark("--model", programs.weights, "--measure", "prompt,decoding", "--new-tokens", "64", "--sequences", "1,16",
                                  "--num-beams", "4", *rounds)
        peers = {f"llama.cpp {kind}": result for kind in ("Q4_0", "Q4_1", "Q8_0")
                 for result in programs.peer("llama_cpp_decode.py", programs.gguf(kind))}
        peers.update({f"CTranslate2 {result['precision']}": result
                      for result in programs.peer("ctranslate2_decode.py", programs.smollm2, "--work", programs.work)})
        programs.known_writing = ours, peers
    return programs.known_writing


def of_peers(peers, field_name):
    return {name: result[field_name] for name, result in peers.items() if field_name in result}


def decoding_of(ours, sequences, beams, precisions):
    """The fastest of some precisions."""
    rows = [one for one in ours["decoding"] if (one["sequences"], one["beams"]) == (sequences, beams) and one["precision"] in precisions]
    return max(rows, key=lambda one: one["tokens_per_second"])


def within_one_percent(programs):
    found = perplexities(programs)
    return [precision for precision in programs.precisions if found[precision] <= 1.01 * found["float32"]]


@row("prompt", "SmolLM2-135M, a prompt of 512 tokens, the fastest precision within 1 % of f32's perplexity")
def prompt(programs):
    ours, peers = writing(programs)
    good = [one for one in ours["prompt"] if one["precision"] in within_one_percent(programs)]
    best = max(good, key=lambda one: one["tokens_per_second"])
    return [Figure(f"tokens/s ({best['precision']})", best["tokens_per_second"], of_peers(peers, "prompt_tokens_per_second"), "1.3 x")]


@row("decode", "SmolLM2-135M, decoding one sequence, weights no worse than Q4_0's")
def decode(programs):
    ours, peers = writing(programs)
    found = perplexities(programs)
    best = decoding_of(ours, 1, 1, [precision for precision in programs.precisions if found[precision] <= found["Q4_0"]])
    return [Figure(f"tokens/s ({best['precision']})", best["tokens_per_second"], of_peers(peers, "decode_tokens_per_second"), "1.4 x"),
            Figure("% of the memory bandwidth", 100 * best["share_of_bandwidth"], goal="50 %")]


def beside_ctranslate2(programs, sequences, beams, field_name):
    """The fastest precision within 1 % of f32's perplexity, beside CTranslate2 in int8."""
    ours, peers = writing(programs)
    best = decoding_of(ours, sequences, beams, within_one_percent(programs))
    name = "CTranslate2 int8"
    known = {name: peers[name]} if name in peers else {}
    return [Figure(f"tokens/s ({best['precision']})", best["tokens_per_second"], of_peers(known, field_name), "1.5 x")]


@row("decode-16", "SmolLM2-135M, decoding 16 sequences")
def decode_16(programs):
    return beside_ctranslate2(programs, 16, 1, "decode_16_tokens_per_second")


@row("beams", "SmolLM2-135M, beams of 4")
def beams(programs):
    return beside_ctranslate2(programs, 1, 4, "beams_4_tokens_per_second")


@row("perplexity", "SmolLM2-135M, perplexity of 60 reviews as one passage")
def perplexity(programs):
    return [Figure(name, value, digits=3) for name, value in perplexities(programs).items()]


@row("accuracy", "SmolLM2-135M, LoRA r 8, 8,000 phrases of SST-2, accuracy on its 872 development sentences")
def accuracy(programs):
    training, test = programs.data("sst2/train.tsv.gz"), programs.data("sst2/dev.tsv")
    found = []
    ways = [("f32", [])] + ([("bf16", ["--bf16"])] if programs.bf16 else [])
    for short, flags in ways:
        limit = ["--max-steps", "2"] if programs.options.trial else []
        programs.finetune(f"sst2-{short}", "classification", "--task-name", "sst2", "--model", programs.weights, "--train-file", training,
                          "--max-train-samples", "8000", "--tuning", "lora", "--batch-size", "16", *limit, *flags)
        for answering, more in ways:
            result = programs.evaluate(f"sst2-{short}", test, *more)
            found.append(Figure(f"trained in {short}, evaluated in {answering}", result["test_accuracy"], digits=4))
    return found


@row("start", "one short text, from the start of the process, warm file cache")
def start(programs):
    text = "A delight from start to finish."
    merged = programs.work / "start-merged"
    if not merged.exists():
        programs.finetune("start", "sentiment", "--model", programs.weights, "--train-file", programs.reviews / "train.csv", "--tuning", "lora",
                          "--batch-size", "16", "--max-steps", "2")
        programs.gptask("merge", "--model", programs.work / "start", "--output-dir", merged)
    ours = [programs.run([programs.options.gptask, "predict", "--model", merged, "--text", text, *programs.threads])[1] for _ in range(5)]
    peers = {}
    if programs.options.peers is not None:
        command = [programs.options.peers / "bin/python", ROOT / "benchmarks/peers/predict_once.py", merged, text]
        peers = {"Transformers": statistics.median(programs.run(command)[1] for _ in range(3))}
    return [Figure("seconds", statistics.median(ours), peers, "20 x; 0.5 s", less=True, digits=3)]
