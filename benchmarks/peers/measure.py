"""What the peer programs share: the number of threads, the seed, the best of several runs, peak memory, and the JSON line they print."""

import json
import os
import platform
import random
import resource
import sys
import time
from importlib import metadata

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def prepare(threads, seed):
    """Fixes PyTorch's thread count and every source of random numbers; keeps Transformers quiet."""
    import numpy
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def autocast(precision):
    """Runs the enclosed forward passes in bf16 where asked for; otherwise changes nothing."""
    import torch

    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def best_seconds(work, rounds=3):
    """Of the fastest of so many runs."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def peak_gigabytes():
    """The largest resident set of this process so far, in GB (10^9 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def report(**values):
    """Prints one line of JSON: what was measured, and with which packages."""
    known = {"torch": "torch", "transformers": "transformers", "peft": "peft", "llama_cpp": "llama-cpp-python", "ctranslate2": "ctranslate2"}
    versions = {package: metadata.version(package) for module, package in known.items() if module in sys.modules}
    software = {"python": platform.python_version(), **versions}
    print(json.dumps({**values, "peak_rss_gb": round(peak_gigabytes(), 3), "software": software}), flush=True)
