"""Folders and adapters of ours in Transformers and PEFT, and theirs in ours."""
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model

from ours import Work, sequences

CLASSES = {"ForCausalLM": transformers.AutoModelForCausalLM,
           "ForSequenceClassification": transformers.AutoModelForSequenceClassification,
           "ForQuestionAnswering": transformers.AutoModelForQuestionAnswering}
# PEFT's all-linear takes the two outputs of a question's head as a projection: these are named instead.
MODULES = {"gpt2": ["c_attn", "c_proj", "c_fc"], "gpt_neox": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"]}
TASKS = {"ForCausalLM": "CAUSAL_LM", "ForSequenceClassification": "SEQ_CLS", "ForQuestionAnswering": "QUESTION_ANS"}


def load(folder, name: str):
    """In float32; a weight that is missing, left over or of another shape is an error. The output projection may be left
    over beside another head: a fine-tuned folder keeps it."""
    model, info = CLASSES[name].from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        found = set(info[problem]) - ({"lm_head.weight", "embed_out.weight"} if problem == "unexpected_keys" else set())
        if found:
            raise AssertionError(f"{folder}: {problem} {sorted(found)[:3]}")
    return model.eval()


def their_logits(model, name: str, ids: list) -> torch.Tensor:
    with torch.no_grad():
        out = model(input_ids=torch.tensor([ids]))
    if name == "ForQuestionAnswering":
        return torch.stack([out.start_logits[0], out.end_logits[0]], dim=1)
    return out.logits.reshape(-1, out.logits.shape[-1])


def largest_difference(model, name: str, ours: list, inputs: list) -> float:
    return max(float((their_logits(model, name, ids) - torch.tensor(rows)).abs().max()) for rows, ids in zip(ours, inputs))


def folders(work: Work, families: list, report) -> None:
    """Models from a seed, saved by the library, for every family and class; float32 and through gptask convert."""
    inputs = sequences()
    for family in families:
        for name in CLASSES:
            folder = work / f"{family}-{name}"
            work.tool("make", family, name, folder, 11)
            ours = work.logits(folder, name, inputs)
            report(f"{family} {name}: folder in Transformers", largest_difference(load(folder, name), name, ours, inputs), 1e-4)
            copy = work / f"{family}-{name}-bf16"
            work.gptask("convert", "--model", folder, "--output-dir", copy, "--dtype", "bfloat16")
            ours = work.logits(copy, name, inputs)
            report(f"{family} {name}: the same in bfloat16", largest_difference(load(copy, name), name, ours, inputs), 1e-4)


def adapters(work: Work, families: list, report) -> None:
    """Ours in PEFT and PEFT's in ours, on the same base, with trained heads."""
    inputs = sequences(seed=6)
    for family in families:
        for name in CLASSES:
            base = work / f"{family}-{name}"
            adapter = work / f"{family}-{name}-adapter"
            work.tool("adapter", base, name, adapter, 12)
            ours = work.logits(base, name, inputs, adapter)
            model = PeftModel.from_pretrained(load(base, name), adapter).eval()
            report(f"{family} {name}: adapter of ours in PEFT", largest_difference(model, name, ours, inputs), 1e-4)

            torch.manual_seed(3)
            targets = MODULES.get(family, ["q_proj", "v_proj", "up_proj"]) if name == "ForQuestionAnswering" else "all-linear"
            settings = LoraConfig(r=4, lora_alpha=8, task_type=TASKS[name], target_modules=targets,
                                  init_lora_weights=False, fan_in_fan_out=family == "gpt2")
            model = get_peft_model(load(base, name), settings).eval()
            if name != "ForCausalLM":
                with torch.no_grad():
                    for key, value in model.named_parameters():
                        if "modules_to_save" in key:
                            value.add_(0.1 * torch.randn_like(value))
            theirs = work / f"{family}-{name}-peft"
            model.save_pretrained(theirs)
            ours = work.logits(base, name, inputs, theirs)
            report(f"{family} {name}: adapter of PEFT in ours", largest_difference(model, name, ours, inputs), 1e-4)
            merged = work / f"{family}-{name}-merged"
            work.gptask("merge", "--model", theirs, "--output-dir", merged)
            expected = [their_logits(model, name, ids).tolist() for ids in inputs]
            report(f"{family} {name}: PEFT's adapter, merged by gptask, in Transformers",
                   largest_difference(load(merged, name), name, expected, inputs), 1e-4)


def fine_tuned(work: Work, report) -> None:
    """A run of gptask finetune, with all weights and merged from an adapter: labels and probabilities of texts."""
    texts = ["a delight from start to finish", "dull", "it is what it is, and that is fine", "bad " * 9]
    train = work / "train.csv"
    words = [("good", "fresh"), ("bad", "rotten"), ("great", "fresh"), ("awful", "rotten")]
    train.write_text("text,label\n" + "".join(f"film {i} is {words[i % 4][0]},{words[i % 4][1]}\n" for i in range(48)))
    base = work / "base"
    work.tool("make", "llama", "ForCausalLM", base, 13)
    work.tool("tokenizer", base)
    for tuning in ("full", "lora"):
        run, final = work / f"run-{tuning}", work / f"run-{tuning}"
        work.gptask("finetune", "sentiment", "--model", base, "--train-file", train, "--output-dir", run, "--tuning", tuning,
                    "--num-train-epochs", 2, "--max-seq-length", 48, "--learning-rate", "1e-3")
        if tuning == "lora":
            final = work / "run-merged"
            work.gptask("merge", "--model", run, "--output-dir", final)
        model = load(final, "ForSequenceClassification")
        tokenizer = transformers.AutoTokenizer.from_pretrained(final)
        worst = 0.0
        answers = predictions(work, final, texts)
        for text, answer in zip(texts, answers):
            logits = their_logits(model, "ForSequenceClassification", tokenizer(text, add_special_tokens=False)["input_ids"])
            scores = torch.softmax(logits[0], 0)
            assert model.config.id2label[int(scores.argmax())] == answer["label"], (text, answer)
            worst = max(worst, abs(float(scores.max()) - answer["probability"]))
        report(f"gptask finetune --tuning {tuning}{', merged' if tuning == 'lora' else ''}: probabilities in Transformers", worst, 1e-5)


def predictions(work: Work, folder, texts: list) -> list:
    import json
    file = work / "texts.txt"
    file.write_text("".join(text + "\n" for text in texts))
    return [json.loads(line) for line in work.gptask("predict", "--model", folder, "--file", file, "--json").splitlines()]
