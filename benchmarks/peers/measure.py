"""What the peer programs share: the number of threads, the seed, peak memory, and the JSON line they print."""

import json
import os
import platform
import random
import resource

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

def prepare(threads, seed):
    """Fixes the thread count and every source of random numbers."""
    torch.set_num_threads(threads)
    random.seed(seed)
    numpy.random.seed(seed)
    torch.manual_seed(seed)


def autocast(precision):
    """Runs the enclosed forward passes in bf16 where asked for; otherwise changes nothing."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")


def peak_gigabytes():
    """The largest resident set of this process so far, in GB (10^9 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def report(**values):
    """Prints one JSON object: what was measured, and with which software."""
    software = {"torch": torch.__version__, "transformers": transformers.__version__, "python": platform.python_version()}
    print(json.dumps({**values, "peak_rss_gb": round(peak_gigabytes(), 3), "software": software}, indent=1), flush=True)
