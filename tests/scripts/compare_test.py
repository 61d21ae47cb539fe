"""benchmarks/run.sh without any model: a stand-in for gptask answers, the rows become figures, results.json and a table."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "benchmarks/compare"))

from rows import ROWS, Figure  # noqa: E402

STAND_IN = """#!/bin/sh
case "$*" in
  *bfloat16*) echo "gptask: error: no bfloat16 here" >&2; exit 1 ;;
esac
echo '{"machine": [{"threads": 2, "float32_gflops": 498, "bfloat16_gflops": 0, "int8_gops": 900, "memory_gb_per_second": 33.4}],
 "training": [{"tokens_per_second": 612.34, "share_of_peak": 0.851, "peak_memory_gb": 2.216}]}' | tr -d '\\n'
"""


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.gptask = self.folder / "gptask"
        self.gptask.write_text(STAND_IN)
        self.gptask.chmod(self.gptask.stat().st_mode | stat.S_IXUSR)

    def compare(self, *arguments):
        command = [ROOT / "benchmarks/run.sh", "--gptask", self.gptask, "--work", self.folder / "work", "--cache", self.folder, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False,
                              env={**os.environ, "GPTASK_PEERS": "", "PYTHONDONTWRITEBYTECODE": "1"})

    def results(self):
        return json.loads((self.folder / "work/results.json").read_text())

    def test_rows_are_measured_kept_and_shown(self):
        done = self.compare("--only", "gpt2-f32")
        self.assertEqual((done.returncode, done.stderr.count("gptask benchmark")), (0, 3))
        self.assertIn("| gpt2-f32 | GPT-2 small shape, causal LM, 4 x 256, whole training step, f32 | tokens/s | 612.3 |  |  | 1.4 x |", done.stdout)
        self.assertIn("|  |  | % of the matrix peak | 85.1 |  |  | 85 % |", done.stdout)
        self.assertIn("498 GFLOP/s in float32", done.stdout)
        self.assertEqual(done.stdout, (self.folder / "work/table.md").read_text())
        done = self.compare("--only", "head")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no movie reviews there", done.stderr)
        self.assertIn("10 epochs, f32 | not measured |", done.stdout)
        self.assertEqual([entry["row"] for entry in self.results()["rows"]], ["gpt2-f32", "head"])
        self.assertIn("failed", self.results()["rows"][1])

    def test_a_machine_without_bfloat16_leaves_its_rows_out(self):
        done = self.compare("--only", "gpt2-bf16")
        self.assertEqual((done.returncode, done.stderr.count("gptask benchmark")), (0, 1))  # the limits of the machine alone
        self.assertIn("| gpt2-bf16 | the same in bf16 | no bfloat16 products here |", done.stdout)

    def test_what_is_missing_is_named(self):
        for row, words in (("reviews-f32", "no movie reviews there; scripts/fetch.sh fetches them"), ("squad", "--data names the folder")):
            done = self.compare("--only", row, "--data", str(self.folder))
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
        self.assertEqual(self.compare("--only", "nothing").returncode, 2)

    def test_ratios(self):
        self.assertEqual(Figure("tokens/s", 30, {"a": 10, "b": 15}).ratio(), 2)
        self.assertEqual(Figure("seconds", 2, {"a": 10, "b": 15}, less=True).ratio(), 5)
        self.assertIsNone(Figure("tokens/s", 30).ratio())

    def test_rows_have_names_of_their_own(self):
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))


if __name__ == "__main__":
    unittest.main()
