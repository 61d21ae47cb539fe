"""Our side: the programs of a build, and what they print."""
import json
import random
import subprocess
import tempfile
from pathlib import Path

BUILD = Path(__file__).parents[2] / "build" / "release"


class Work:
    """A scratch folder and the programs that fill it."""

    def __init__(self, build: Path):
        self.build = build
        self.scratch = tempfile.TemporaryDirectory(prefix="gptask-parity-")
        self.folder = Path(self.scratch.name)

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def run(self, program: str, *arguments, stdin: str = "") -> str:
        command = [str(self.build / "bin" / program), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def gptask(self, *arguments, stdin: str = "") -> str:
        return self.run("gptask", *arguments, stdin=stdin)

    def tool(self, *arguments, sequences=()) -> str:
        return self.run("parity_tool", *arguments, stdin="".join(" ".join(map(str, ids)) + "\n" for ids in sequences))

    def logits(self, folder, name, sequences, adapter=None) -> list:
        extra = [] if adapter is None else [adapter]
        return json.loads(self.tool("logits", folder, name, *extra, sequences=sequences))

    def greedy(self, model, count, prompts) -> list:
        return json.loads(self.tool("greedy", model, count, sequences=prompts))


def sequences(vocabulary: int = 256, seed: int = 5, lengths=(17, 5, 33, 64, 2, 12)) -> list:
    """No sequence ends with the pad id, 257: Transformers pools at the last other token."""
    rng = random.Random(seed)
    return [[rng.randrange(vocabulary) for _ in range(length)] for length in lengths]
