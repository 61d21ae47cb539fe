"""The guide's commands print what it shows, its links and the functions named beside them exist, and its two languages match.

guide_test.py [--bin FOLDER] [--update] [--long] [--only TEXT] [--check-text]

A code block whose language is `console` holds commands, each after "$ ", and what they print. They run in the project's root with
FOLDER first in PATH and in the order of the chapters. Numbers may differ in the last printed digit. A block whose language is
`console long` runs with --long only. In a block `console trained`, whose numbers come out of training, only the last number of lines
such as "accuracy 0.87" is compared, within 0.15 or 15 %: another instruction set rounds otherwise, and training amplifies that. What a command writes into docs/guide/pictures is compared with the file there. A block `cpp FILE FUNCTION` shows that function as it stands in the source. --update writes what
the commands print and what the functions are into both languages instead of comparing.
--check-text leaves the commands out; --only runs the blocks of the chapters whose name holds TEXT.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
LANGUAGES = ("en", "zh")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# A link to a source file, and the functions named right after it: [gate.cc](...): `silu_gate`, `GateNode`
NAMED = re.compile(r"\]\(([^)\s]+\.(?:cc|h|py|sh))\)((?:[:,：、\s]*`[^`\n]+`)+)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
OUTLINE = ["1", "1.1", "1.2", "1.3", "1.4", "2", "3", "3.1", "3.2", "3.3", "3.4", "4", "4.1", "4.2", "4.3", "4.4", "5", "5.1", "5.2", "5.3",
           "5.4", "6", "6.4", "7", "7.1", "7.2", "7.3", "7.4", "8", "8.1", "8.2", "8.3", "8.4", "9"]


class Page:
    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.blocks = [(match.group(1).strip(), match.group(2)) for match in FENCE.finditer(self.text)]
        self.prose = FENCE.sub(lambda match: "```" + match.group(1) + "\n```", self.text)

    def levels(self):
        return [len(marks) for marks, _ in HEADING.findall(self.prose)]

    def links(self):
        """Without places in a page and without the links from one language to the other."""
        files = [target.split("#")[0] for target in LINK.findall(self.prose)]
        return [file for file in files if file not in ("../en/README.md", "../zh/README.md")]

    def anchors(self):
        """What GitHub makes of the headings."""
        names = set()
        for _, title in HEADING.findall(self.prose):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
            names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
        return names

    def sections(self):
        """(title, text with code) of each heading, without what follows the next one."""
        starts = [match for match in HEADING.finditer(self.text) if not self.in_code(match.start())]
        ends = [match.start() for match in starts[1:]] + [len(self.text)]
        return [(match.group(2), self.text[match.start():end]) for match, end in zip(starts, ends)]

    def in_code(self, position):
        return any(match.start() < position < match.end() for match in FENCE.finditer(self.text))

    def commands(self):
        """(language of the block, command, shown output) of every console block."""
        for language, body in self.blocks:
            if not language.startswith("console"):
                continue
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, shown = part.split("\n", 1)
                while command.endswith("\\") or command.count('"') % 2 == 1:  # goes on
                    more, shown = shown.split("\n", 1)
                    command += "\n" + more
                yield language, command, shown


def pages(language):
    return {path.name: Page(path) for path in sorted((GUIDE / language).glob("*.md"))}


def function_source(file, name):
    """A function as it stands in a file, without its indentation; empty if it is not there."""
    lines = (ROOT / file).read_text(encoding="utf-8").split("\n")
    head = re.compile(r"^(\s*)(?!return\b|if\b|else\b)[\w:<>&*,\[\]\s]*\b" + re.escape(name) + r"\(")
    for first, line in enumerate(lines):
        match = head.match(line)
        if not match:
            continue
        closing = match.group(1) + "}"
        body = next((number for number in range(first, len(lines)) if lines[number].rstrip("{ ") != lines[number] or ";" in lines[number]), first)
        if not lines[body].endswith("{"):
            continue  # a declaration or a call
        last = next(number for number in range(body, len(lines)) if lines[number] == closing)
        return "\n".join(text[len(match.group(1)):] for text in lines[first:last + 1]) + "\n"
    return ""


def check_excerpts(page, where, update, problems):
    for language, body in page.blocks:
        if not language.startswith("cpp "):
            continue
        _, file, name = language.split()
        source = function_source(file, name)
        if not source:
            problems.append(f"{where}: {file} has no function {name}")
        elif update and source != body:
            page.text = page.text.replace(f"```{language}\n{body}", f"```{language}\n{source}")
            page.path.write_text(page.text, encoding="utf-8")
        elif source != body:
            problems.append(f"{where}: {name} in {file} is no longer as shown; --check-text --update takes it over")


def check_structure(books, problems):
    first, second = (books[language] for language in LANGUAGES)
    if first.keys() != second.keys():
        problems.append(f"the languages have different chapters: {sorted(first.keys() ^ second.keys())}")
    for name in first.keys() & second.keys():
        one, other = first[name], second[name]
        if one.levels() != other.levels():
            problems.append(f"{name}: headings differ: {one.levels()} and {other.levels()}")
        if [language for language, _ in one.blocks] != [language for language, _ in other.blocks]:
            problems.append(f"{name}: the languages have different code blocks")
        for number, (mine, yours) in enumerate(zip(one.blocks, other.blocks), 1):
            if mine != yours and mine[0] != "text":
                problems.append(f"{name}: code block {number} ({mine[0]}) differs between the languages")
        if sorted(one.links()) != sorted(other.links()):
            problems.append(f"{name}: links differ: {sorted(set(one.links()) ^ set(other.links()))}")


def check_links(page, where, problems):
    for target in LINK.findall(page.prose):
        file, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", file):
            continue
        found = (page.path.parent / file) if file else page.path
        if not found.exists():
            problems.append(f"{where}: the link {target} leads nowhere")
        elif anchor and found.suffix == ".md" and anchor not in Page(found).anchors():
            problems.append(f"{where}: {file or where} has no heading #{anchor}")
    for file, names in NAMED.findall(page.prose):
        source = page.path.parent / file
        text = source.read_text(encoding="utf-8") if source.exists() else ""
        for name in re.findall(r"`([^`]+)`", names):
            if not re.search(r"\b" + re.escape(name.rstrip("()")) + r"\b", text):
                problems.append(f"{where}: {file} has no `{name}`")


def check_formulas(page, where, problems):
    """A section with a displayed formula has a link to code with a function, and a command."""
    for title, text in page.sections():
        if "```math" in text and not (NAMED.search(text) and "```console" in text):
            problems.append(f"{where}: \"{title}\" has a formula without code or command")


def check_inline_math(page, where, problems):
    """GitHub takes a backslash before punctuation for an escape of its own: such formulas belong into math blocks."""
    for formula in re.findall(r"\$[^$\n]+\$", re.sub(r"`[^`\n]*`", "", page.prose)):
        if re.search(r"\\[^a-zA-Z]", formula):
            problems.append(f"{where}: inline formula {formula} has an escape")


def check_outline(page, where, problems):
    answered = re.findall(r"^\| (\d(?:\.\d)?) \|.*\]\((\d\d[^)]*)\)", page.text, flags=re.MULTILINE)
    if [number for number, _ in answered] != OUTLINE:
        problems.append(f"{where}: the table of the outline names {[number for number, _ in answered]}")


def same(shown, printed):
    """Equal but for white space at the ends of lines and the last digit of numbers with a point."""
    if len(shown.split("\n")) != len(printed.split("\n")):
        return False
    for one, other in zip(shown.split("\n"), printed.split("\n")):
        if re.sub(r"\s+", " ", NUMBER.sub("#", one)).strip() != re.sub(r"\s+", " ", NUMBER.sub("#", other)).strip():
            return False
        for mine, yours in zip(NUMBER.findall(one), NUMBER.findall(other)):
            digits = len(mine.partition(".")[2]) if "e" not in mine else 0
            if mine != yours and not ("." in mine and abs(float(mine) - float(yours)) <= 2.01 * 10 ** -digits):
                return False
    return True


def about(shown, printed):
    """The values of lines "name value" are near one another."""
    def values(text):
        return [(name, float(value)) for name, value in re.findall(r"^ *([A-Za-z_][\w ]*?) +(-?\d+(?:\.\d+)?)$", text, flags=re.MULTILINE)]

    mine, yours = values(shown), values(printed)
    return [name for name, _ in mine] == [name for name, _ in yours] and all(
        abs(one - other) <= max(0.15, 0.15 * abs(one)) for (_, one), (_, other) in zip(mine, yours))


def picture_of(command):
    """The picture that a command draws; None where it draws none."""
    match = re.search(r"docs/guide/pictures/[\w.-]+", command)
    return match.group(0) if match else None


def run_drawing(command, picture, arguments, problems):
    """Runs a command that draws, into another file unless the pictures are to be renewed, and compares the two."""
    if arguments.update:
        return run(command, arguments.bin)
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / Path(picture).name
        code, printed, errors = run(command.replace(picture, str(drawn)), arguments.bin)
        if code == 0 and not same((ROOT / picture).read_text(encoding="utf-8"), drawn.read_text(encoding="utf-8")):
            problems.append(f"$ {command}\ndraws another picture")
        return code, printed.replace(str(drawn), picture), errors


def run(command, folder):
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def fenced(command, output):
    return f"$ {command}\n{output}"


def check_commands(books, arguments, problems):
    done = {}
    for name in books["en"]:
        if arguments.only and arguments.only not in name:
            continue
        for language, command, shown in books["en"][name].commands():
            if "long" in language and not arguments.long:
                continue
            picture = picture_of(command)
            if command not in done:
                done[command] = run_drawing(command, picture, arguments, problems) if picture else run(command, arguments.bin)
            code, printed, errors = done[command]
            if code != 0:
                problems.append(f"{name}: $ {command}\nended with {code}: {errors[-800:]}")
            elif arguments.update:
                for folder in LANGUAGES:
                    page = GUIDE / folder / name
                    text = page.read_text(encoding="utf-8")
                    page.write_text(text.replace(fenced(command, shown), fenced(command, printed)), encoding="utf-8")
            elif not (about if "trained" in language else same)(shown, printed):
                problems.append(f"{name}: $ {command}\nthe guide shows:\n{shown}\nit prints:\n{printed}")
    return len(done)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    parser.add_argument("--only", default="")
    for flag in ("--update", "--long", "--check-text"):
        parser.add_argument(flag, action="store_true")
    arguments = parser.parse_args()
    problems = []
    books = {language: pages(language) for language in LANGUAGES}
    ran = 0 if arguments.check_text else check_commands(books, arguments, problems)
    books = {language: pages(language) for language in LANGUAGES}
    for language, book in books.items():
        for name, page in book.items():
            check_excerpts(page, f"{language}/{name}", arguments.update, problems)
    if arguments.update:
        books = {language: pages(language) for language in LANGUAGES}
    check_structure(books, problems)
    for language, book in books.items():
        for name, page in book.items():
            where = f"{language}/{name}"
            check_links(page, where, problems)
            check_formulas(page, where, problems)
            check_inline_math(page, where, problems)
            if name == "README.md":
                check_outline(page, where, problems)
    print("\n\n".join(problems + [f"{len(problems)} problems; {ran} commands ran"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
