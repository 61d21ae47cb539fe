#!/usr/bin/env python3
"""Compares what `gptask evaluate TASK --predictions` computes with the Python scorers, on random cases of any seed.

Needs sacrebleu, rouge-score, scikit-learn and scipy from PyPI; with the two official scripts of SQuAD (--squad-v1, --squad-v2) answers too.
Usage: metrics_parity.py GPTASK [--seed N] [--cases N]
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import sacrebleu
import scipy.stats
import sklearn.metrics
from rouge_score import rouge_scorer

WORDS = (
    "the a an of to in quick brown fox jumps over lazy dogs running runners universities cities flies dying skies agreed "
    "don't it's U.S.A. 3.14 1,000 -5 10-20 (see) \"quoted\" end. Hello, world! naïve Straße GRÖSSE «oui» İstanbul ΟΔΥΣΣΕΥΣ ß ﬁn "
    "日本語 東京。 テスト ｱｲｳ 中文，字符！ 我们喜欢。 ㈱ ㌔ “smart” ‘quotes’ привет мир 🙂 🚀👩‍👩‍👧 e-mail A.B.C. $5.00 50% €20 &amp; &quot;x&quot; "
    "&lt;b&gt; <skipped> ... -- — … ¿qué? ½ Ⅷ ١٢٣ x² \u00a0 \u2028 \u200b e\u0301 K a_b a\u0300 the\u0301 ٫ ・ ． ' ` ~ [x] {y}"
).split(" ")


def sentence(r, low=0, high=20):
    return " ".join(r.choice(WORDS) for _ in range(r.randint(low, high)))


def mutated(r, text):
    words = text.split(" ")
    for _ in range(r.randint(0, max(1, len(words) // 2))):
        place = r.randrange(len(words) + 1)
        if r.random() < 0.4 and words:
            words[min(place, len(words) - 1)] = r.choice(WORDS)
        elif r.random() < 0.5 and words:
            del words[min(place, len(words) - 1)]
        else:
            words.insert(place, r.choice(WORDS))
    if r.random() < 0.3 and len(words) > 3:  # a shift
        cut = r.randrange(1, len(words))
        words = words[cut:] + words[:cut]
    return "" if r.random() < 0.05 else " ".join(words)


class Checker:
    def __init__(self, program, folder):
        self.program, self.folder, self.compared, self.failures = program, folder, 0, []

    def lines(self, name, rows):
        path = self.folder / name
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    def evaluate(self, task, *arguments):
        command = [self.program, "evaluate", task, "--json", "--bootstrap-samples", "0", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        return json.loads(done.stdout)

    def same(self, what, value, expected, tolerance=1e-6):
        self.compared += 1
        value = math.nan if value is None else value
        if not (abs(value - expected) <= tolerance or (math.isnan(value) and math.isnan(expected))):
            self.failures.append(f"{what}: {value}, expected {expected}")


def check_translation(checker, r, case):
    count, reference_count = r.randint(1, 12), r.choice([1, 1, 2, 3])
    base = [sentence(r, 0 if i else 1) for i in range(count)]
    hypotheses = [mutated(r, text) for text in base]
    references = [[mutated(r, text) if j else text for text in base] for j in range(reference_count)]
    predictions = checker.lines("p.jsonl", [{"prediction": text} for text in hypotheses])
    columns = [f"r{j}" for j in range(reference_count)]
    truth = checker.lines("r.jsonl", [dict(zip(columns, row)) for row in zip(*references)])
    files = ["--predictions", predictions, "--references", truth, "--reference-column", ",".join(columns)]
    flags = {name: r.random() < 0.5 for name in ("normalized", "no_punct", "asian_support", "case_sensitive")}
    lowercase, method = r.random() < 0.4, r.choice(["exp", "none", "floor", "add-k"])
    value, effective = r.choice([None, 0.3, 2.0]), r.random() < 0.5
    chrf = sacrebleu.metrics.CHRF(lowercase=lowercase)
    words = sacrebleu.metrics.CHRF(lowercase=lowercase, word_order=2)
    ter = sacrebleu.metrics.TER(**flags)
    for tokenizer in ("13a", "intl", "zh", "char", "none"):
        bleu = sacrebleu.metrics.BLEU(
            lowercase=lowercase, tokenize=tokenizer, smooth_method=method, smooth_value=value, effective_order=effective
        )
        options = ["--tokenize", tokenizer, "--lowercase", str(lowercase).lower(), "--smooth-method", method]
        options += ["--effective-order", str(effective).lower(), "--smooth-value", value or 0]
        for name, flag in flags.items():
            options += [f"--ter-{name}", str(flag).lower()]
        result = checker.evaluate("translation", *files, *options)
        metrics, notes = result["systems"][0]["metrics"], result["notes"]
        for name, metric in {"bleu": bleu, "chrf": chrf, "chrf++": words, "ter": ter}.items():
            what = f"translation {case}: {name} ({tokenizer}, {method}, {flags})"
            checker.same(what, metrics[name], metric.corpus_score(hypotheses, references).score)
            if notes[name] != str(metric.get_signature()):
                checker.failures.append(f"{what}: signature {notes[name]}, expected {metric.get_signature()}")


def check_summaries(checker, r, case):
    count, reference_count = r.randint(1, 12), r.choice([1, 1, 3])
    base = ["\n".join(sentence(r, 0, 12) for _ in range(r.randint(1, 4))) for _ in range(count)]
    predictions = ["\n".join(mutated(r, line) for line in text.split("\n")) for text in base]
    references = [[text] + [mutated(r, text) for _ in range(reference_count - 1)] for text in base]
    columns = [f"r{j}" for j in range(reference_count)]
    file = checker.lines("p.jsonl", [{"prediction": text} for text in predictions])
    truth = checker.lines("r.jsonl", [dict(zip(columns, row)) for row in references])
    kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    for stem in (True, False):
        scorer = rouge_scorer.RougeScorer(kinds, use_stemmer=stem)
        rows = [scorer.score_multi(row, text) for row, text in zip(references, predictions)]
        arguments = ["--predictions", file, "--references", truth, "--reference-column", ",".join(columns)]
        metrics = checker.evaluate("summarization", *arguments, "--use-stemmer", str(stem).lower())["systems"][0]["metrics"]
        for kind in kinds:
            expected = 100 * float(numpy.mean([row[kind].fmeasure for row in rows]))
            checker.same(f"summaries {case}: {kind}, stem {stem}", metrics[kind], expected)


def check_labels(checker, r, case):
    labels = r.choice([["0", "1"], ["no", "yes"], ["a", "b", "c"], [str(i) for i in range(12)]])
    truth = [r.choice(labels) for _ in range(r.randint(2, 200))]
    predicted = [label if r.random() < 0.6 else r.choice(labels) for label in truth]
    scores = [round(r.random(), 2) for _ in truth]
    file = checker.lines("p.jsonl", [{"prediction": p, "score": s} for p, s in zip(predicted, scores)])
    references = checker.lines("r.jsonl", [{"label": label} for label in truth])
    both = sorted(set(truth) | set(predicted), key=(int if labels[0] == "0" else str))
    extra = ["--score-column", "score"] if len(both) == 2 and len(set(truth)) == 2 else []
    arguments = ["--predictions", file, "--references", references, *extra]
    metrics = checker.evaluate("classification", *arguments)["systems"][0]["metrics"]
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(truth, predicted),
        "f1_macro": sklearn.metrics.f1_score(truth, predicted, average="macro", zero_division=0),
        "f1_weighted": sklearn.metrics.f1_score(truth, predicted, average="weighted", zero_division=0),
        "matthews_correlation": sklearn.metrics.matthews_corrcoef(truth, predicted),
    }
    if len(both) == 2:
        expected["f1"] = sklearn.metrics.f1_score(truth, predicted, pos_label=both[1], zero_division=0)
    if extra:
        positive = [label == both[1] for label in truth]
        expected["roc_auc"] = sklearn.metrics.roc_auc_score(positive, scores)
        expected["average_precision"] = sklearn.metrics.average_precision_score(positive, scores)
    for name, value in expected.items():
        checker.same(f"labels {case}: {name}", metrics[name], float(value))


def check_multi_label(checker, r, case):
    labels = [f"l{i}" for i in range(r.randint(1, 8))]
    rows = r.randint(1, 60)
    truth = [[label for label in labels if r.random() < 0.3] for _ in range(rows)]
    predicted = [[label for label in labels if (label in row) != (r.random() < 0.2)] for row in truth]
    used = sorted({label for row in truth + predicted for label in row})
    if not used:
        return
    y, p = ([[int(label in row) for label in used] for row in rows] for rows in (truth, predicted))
    file = checker.lines("p.jsonl", [{"prediction": row} for row in predicted])
    references = checker.lines("r.jsonl", [{"labels": row} for row in truth])
    metrics = checker.evaluate("multi-label", "--predictions", file, "--references", references)["systems"][0]["metrics"]
    checker.same(f"multi-label {case}: accuracy", metrics["accuracy"], float(numpy.mean([a == b for a, b in zip(y, p)])))
    if len(used) == 1:  # scikit-learn takes a single column for plain labels
        return
    for average in ("micro", "macro", "weighted", "samples"):
        expected = sklearn.metrics.f1_score(numpy.array(y), numpy.array(p), average=average, zero_division=0)
        checker.same(f"multi-label {case}: f1_{average}", metrics[f"f1_{average}"], float(expected))


def check_numbers(checker, r, case):
    truth = [round(r.uniform(0, 5), r.choice([0, 3])) for _ in range(r.randint(3, 100))]
    predicted = [round(value + r.gauss(0, 1.5), r.choice([0, 4])) for value in truth]
    file = checker.lines("p.jsonl", [{"prediction": value} for value in predicted])
    references = checker.lines("r.jsonl", [{"label": value} for value in truth])
    metrics = checker.evaluate("regression", "--predictions", file, "--references", references)["systems"][0]["metrics"]
    if len(set(truth)) > 1 and len(set(predicted)) > 1:
        checker.same(f"numbers {case}: pearson", metrics["pearson"], float(scipy.stats.pearsonr(truth, predicted)[0]))
        checker.same(f"numbers {case}: spearmanr", metrics["spearmanr"], float(scipy.stats.spearmanr(truth, predicted)[0]))
    checker.same(f"numbers {case}: mse", metrics["mse"], float(numpy.mean((numpy.array(truth) - predicted) ** 2)))


def check_answers(checker, r, case, script, version2):
    data, predictions, odds = [], {}, {}
    for i in range(r.randint(1, 60)):
        gold = [sentence(r, 1, 6) for _ in range(r.randint(1, 3))]
        if version2 and r.random() < 0.35:
            gold = []
        name, x = f"q{i}", r.random()
        predictions[name] = "" if x < 0.2 else mutated(r, gold[0]) if gold and x < 0.8 else sentence(r, 0, 5)
        odds[name] = round(r.uniform(-2, 2), 1)
        answers = [{"text": text, "answer_start": 0} for text in gold]
        qas = [{"id": name, "question": "?", "is_impossible": not gold, "answers": answers}]
        data.append({"title": "t", "paragraphs": [{"context": " ".join(gold), "qas": qas}]})
    paths = [checker.folder / name for name in ("d.json", "p.json", "o.json")]
    for path, content in zip(paths, ({"version": "v2.0" if version2 else "1.1", "data": data}, predictions, odds)):
        path.write_text(json.dumps(content), encoding="utf-8")
    command = [sys.executable, str(script), str(paths[0]), str(paths[1])]
    arguments = ["--predictions", paths[1], "--references", paths[0]]
    if version2:
        command += ["--na-prob-file", str(paths[2]), "--na-prob-thresh", "0.3"]
        arguments += ["--na-prob-file", paths[2], "--na-prob-thresh", 0.3, "--version-2-with-negative", "true"]
    expected = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    metrics = checker.evaluate("qa", *arguments)["systems"][0]["metrics"]
    for name, value in expected.items():
        checker.same(f"answers {case}: {name}", metrics[name], value)


def check_paired(checker, r):
    """p-values are drawn at random: near, not equal."""
    base = [sentence(r, 3, 12) for _ in range(150)]
    systems = [[mutated(r, text) for text in base] for _ in range(2)]
    files = [checker.lines(f"s{i}.jsonl", [{"prediction": text} for text in system]) for i, system in enumerate(systems)]
    references = checker.lines("r.jsonl", [{"reference": text} for text in base])
    for ours, theirs in (("bootstrap", "bs"), ("randomization", "ar")):
        arguments = ["--predictions", *files, "--references", references, "--paired-test", ours]
        result = checker.evaluate("translation", *arguments)["comparisons"][0]["metrics"]
        from sacrebleu.significance import PairedTest

        metrics = {"BLEU": sacrebleu.metrics.BLEU(), "chrF2": sacrebleu.metrics.CHRF()}
        named = [("one", systems[0]), ("two", systems[1])]
        _, scores = PairedTest(named, metrics, [base], theirs)()
        for mine, name in (("bleu", "BLEU"), ("chrf", "chrF2")):
            checker.same(f"paired {ours}: {mine}", result[mine]["p_value"], scores[name][1].p_value, 0.06)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--squad-v1")
    parser.add_argument("--squad-v2")
    options = parser.parse_args()
    r = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(options.program, Path(folder))
        for case in range(options.cases):
            for check in (check_translation, check_summaries, check_labels, check_multi_label, check_numbers):
                check(checker, r, case)
            for script, version2 in ((options.squad_v1, False), (options.squad_v2, True)):
                if script:
                    check_answers(checker, r, case, script, version2)
        check_paired(checker, r)
    for failure in checker.failures[:20]:
        print(failure, file=sys.stderr)
    print(f"{checker.compared} figures compared, {len(checker.failures)} differ")
    sys.exit(1 if checker.failures else 0)


if __name__ == "__main__":
    main()
