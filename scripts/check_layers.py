#!/usr/bin/env python3
"""Checks that an #include never points upward in the order of the layers. Usage: check_layers.py [ROOT]

Prints each include that does and ends with 1 where there is one. Layers that share a rank may use one another in one direction.
"""

import re
import sys
from pathlib import Path

LAYERS = [  # lowest first; a line is a rank
    ["core"],
    ["io", "kernels"],
    ["tensor"],
    ["text", "ops"],
    ["data", "model"],
    ["head", "generate"],
    ["train"],
    ["plugin"],
    ["tasks"],
    ["plugins", "apps"],
]
RANK = {layer: rank for rank, layers in enumerate(LAYERS) for layer in layers}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<(gpt(?:ask)?/[^>]+)>)')


def layer_of(path):
    """The layer of a file, by its path from the root; None where no layer rules it (an umbrella header, a test)."""
    parts = path.parts
    if parts[0] in ("tasks", "plugins", "apps"):
        return parts[0]
    if parts[:3] == ("libgpt", "include", "gpt") and len(parts) > 4:
        return parts[3]
    if parts[:2] == ("libgpt", "src") and len(parts) > 3:
        return parts[2]
    return None


def sources(root):
    """Every C++ file that a layer rules, in a fixed order."""
    return sorted(
        path
        for folder in ("libgpt", "tasks", "plugins", "apps")
        for path in (root / folder).rglob("*")
        if path.suffix in (".h", ".cc", ".inc")
    )


def resolve(root, file, name):
    """The file of ours that an include names, or None where it is another library's."""
    folders = [file.parent, root / "libgpt/include", root / "libgpt/src", root / "tasks", root / "plugins", root / "apps", root]
    folders += sorted((root / "tasks").glob("*/include")) + [root / "tasks/include"] + sorted((root / "apps").glob("*"))
    for folder in folders:
        if (folder / name).is_file():
            return (folder / name).resolve()
    return None


def check(root):
    """One message for each include that points upward, or names a file of ours that does not exist."""
    problems = []
    sideways = {}  # (from, to) of equal rank -> where
    for file in sources(root):
        layer = layer_of(file.relative_to(root))
        if layer is None:
            continue
        where = file.relative_to(root)
        if layer not in RANK:
            problems.append(f"{where}: the folder '{layer}' is no layer; give it a rank in scripts/check_layers.py")
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            match = INCLUDE.match(line)
            if not match:
                continue
            name = match.group(1) or match.group(2)
            target = resolve(root, file, name)
            if target is None:
                if name.startswith("gpt/"):
                    problems.append(f"{where}:{number}: there is no {name}")
                continue
            if root not in target.parents:
                continue
            other = layer_of(target.relative_to(root))
            if other is None or other == layer or other not in RANK:
                continue
            if RANK[other] > RANK[layer]:
                problems.append(f"{where}:{number}: {layer} includes {name}, which is above it")
            elif RANK[other] == RANK[layer]:
                sideways.setdefault((layer, other), f"{where}:{number}")
    for (layer, other), place in sorted(sideways.items()):
        if layer < other and (other, layer) in sideways:
            problems.append(f"{place} and {sideways[(other, layer)]}: {layer} and {other} include one another")
    return problems


def main(arguments):
    root = Path(arguments[0] if arguments else Path(__file__).parent.parent).resolve()
    problems = check(root)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        sys.exit(1)
    print(f"Layers: {len(sources(root))} files, no include points upward")


if __name__ == "__main__":
    main(sys.argv[1:])
