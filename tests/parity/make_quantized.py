#!/usr/bin/env python3
"""Writes tests/io/fixtures/quantized.json: blocks of 32 values and what the gguf package's quantizers make of them."""
import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, quants


def blocks() -> np.ndarray:
    rng = np.random.default_rng(4)
    tie = np.zeros(32)
    tie[[3, 9]] = [2.0, -2.0]  # equal magnitudes: the first counts
    halves = np.arange(32) - 15.5
    outlier = np.full(32, 1e-3)
    outlier[17] = -50.0
    return np.stack([
        rng.normal(size=32), 0.02 * rng.normal(size=32), rng.uniform(0, 1, 32), -rng.uniform(1, 2, 32),
        np.zeros(32), np.full(32, 0.37), tie, halves, halves * 0.25, outlier,
        1e-6 * rng.normal(size=32), 6e4 * rng.uniform(-1, 1, 32), np.round(rng.normal(size=32) * 4) / 2,
    ]).astype(np.float32)


def main() -> None:
    values = blocks()
    out = {"values": [float(value) for value in values.ravel()]}
    for name in ("Q8_0", "Q4_0", "Q4_1", "BF16", "F16"):
        stored = quants.quantize(values, GGMLQuantizationType[name])
        out[name.lower()] = stored.tobytes().hex()
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1] / "io" / "fixtures" / "quantized.json")
    target.write_text(json.dumps(out) + "\n")


main()
