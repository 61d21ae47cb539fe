"""GGUF files of ours in llama.cpp: greedy tokens, every type, quantized bytes."""
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import transformers
from gguf import GGMLQuantizationType, quants

from ours import Work, sequences

TYPES = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1")
PROMPTS = ["The capital of France is", "Once upon a time, there was a", "def fibonacci(n):\n", "The three laws of robotics are",
           "To make bread, you need", "In 1969, the first", "My favorite book is", "The sun rises in the", "Water boils at",
           "Dear Sir or Madam,", "The difference between a cat and a dog is", "1, 2, 3, 4,", "import numpy as np\n",
           "A good way to learn a language is", "The president of the United States", "Il était une fois",
           "Photosynthesis is the process", "She opened the door and", "The best thing about winter is", "Q: What is 2 + 2?\nA:"]


class Llama:
    """One model with an f32 KV cache."""

    def __init__(self, path: Path):
        self.model = llama_cpp.Llama(str(path), n_ctx=0, n_threads=1, logits_all=True, verbose=False, flash_attn=False,
                                     type_k=0, type_v=0, seed=0)

    def greedy(self, prompt: list, count: int) -> tuple:
        """Tokens, and the logits after the prompt."""
        self.model.reset()
        self.model.eval(prompt)
        first = self.model.scores[self.model.n_tokens - 1].copy()
        tokens = []
        for _ in range(count):
            tokens.append(int(np.argmax(self.model.scores[self.model.n_tokens - 1])))
            self.model.eval(tokens[-1:])
        return tokens, first


def compare(theirs: list, ours: dict) -> str:
    """'same', 'excused' where the two best logits at the first difference are closer than 1e-2, or 'different'."""
    for their, our, margin in zip(theirs, ours["tokens"], ours["margins"]):
        if their != our:
            return "excused" if margin < 1e-2 else "different"
    return "same"


def decode(work: Work, model: Path, prompts: list, count: int, report, label: str, folder: Path = None) -> list:
    """Ours reads the same file, or the folder that it was made from."""
    llama = Llama(model)
    found, worst, all_tokens = [], 0.0, []
    for prompt, ours in zip(prompts, work.greedy(folder or model, count, prompts)):
        tokens, first = llama.greedy(prompt, count)
        all_tokens.append(tokens)
        found.append(compare(tokens, ours))
        worst = max(worst, float(np.abs(first - np.array(ours["logits"])).max()))
    report(f"{label}: {len(prompts)} prompts, {count} greedy tokens in llama.cpp: {found.count('same')} the same, "
           f"{found.count('excused')} excused; different", found.count("different"), 0)
    # ggml looks GELU up in a table of float16 values.
    report(f"{label}: logits after the prompts", worst, 2e-2 if label.startswith(("gpt2", "gpt_neox")) else 2e-3)
    return all_tokens


def loads(model: Path, prompt: list, report, label: str) -> None:
    """llama.cpp opens the file and gives numbers."""
    _, first = Llama(model).greedy(prompt, 4)
    report(f"{label}: opens in llama.cpp", 0.0 if np.isfinite(first).all() else 1.0, 0)


def tiny(work: Work, families: list, report) -> None:
    for family in families:
        folder = work / f"{family}-ForCausalLM"
        prompts = sequences(seed=7, lengths=(3, 9, 20, 31))
        for kind in TYPES:
            target = work / f"{family}-{kind}.gguf"
            work.gptask("convert", "--model", folder, "--output", target, "--type", kind)
            if kind == "F32" and family != "mistral":  # whose window llama.cpp does not have
                decode(work, target, prompts, 24, report, f"{family} F32", folder)
            else:
                loads(target, prompts[0], report, f"{family} {kind}")


def quantized_bytes(path: Path, source: Path, kind: str, report) -> None:
    """Every quantized tensor of the file against the gguf package's quantizer on the F32 file's values."""
    values = {tensor.name: tensor for tensor in gguf.GGUFReader(source).tensors}
    different = count = 0
    for tensor in gguf.GGUFReader(path).tensors:
        if tensor.tensor_type not in (GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q4_1):
            continue
        count += 1
        expected = quants.quantize(np.array(values[tensor.name].data), tensor.tensor_type)
        different += int(not np.array_equal(expected.reshape(-1).view(np.uint8), np.array(tensor.data).reshape(-1).view(np.uint8)))
    assert count > 0
    report(f"{kind}: {count} quantized tensors, bytes unlike the gguf package's", different, 0)


def real(work: Work, weights: Path, report) -> None:
    """SmolLM2: a GGUF file -> a folder -> GGUF files of every type."""
    folder = work / "smollm2"
    work.gptask("convert", "--model", weights, "--output-dir", folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    prompts = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in PROMPTS]
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32").eval()
    ours = work.logits(folder, "ForCausalLM", prompts[:2])
    import torch
    with torch.no_grad():
        worst = max(float((model(input_ids=torch.tensor([ids])).logits[0] - torch.tensor(rows)).abs().max())
                    for ids, rows in zip(prompts, ours))
    report("SmolLM2 from GGUF: folder in Transformers, logits", worst, 1e-3)
    del model
    f32 = work / "smollm2-F32.gguf"
    work.gptask("convert", "--model", folder, "--output", f32, "--type", "F32")
    decode(work, f32, prompts, 32, report, "SmolLM2 F32")
    llama = llama_cpp.Llama(str(f32), vocab_only=True, verbose=False)
    texts = PROMPTS + ["<|im_start|>user\nHi!<|im_end|>\n", "naïve café 12345\t\n  x"]
    unlike = [text for text in texts if llama.tokenize(text.encode(), add_bos=False, special=True)
              != tokenizer(text, add_special_tokens=False)["input_ids"]]
    report("SmolLM2: texts that llama.cpp and Transformers tokenize differently from our files", len(unlike), 0)
    report("SmolLM2: chat template lost", float(llama.metadata.get("tokenizer.chat_template") != tokenizer.chat_template), 0)
    for kind in TYPES[1:]:
        target = work / f"smollm2-{kind}.gguf"
        work.gptask("convert", "--model", folder, "--output", target, "--type", kind)
        loads(target, prompts[0], report, f"SmolLM2 {kind}")
        if kind.startswith("Q"):
            quantized_bytes(target, f32, kind, report)
        target.unlink()
