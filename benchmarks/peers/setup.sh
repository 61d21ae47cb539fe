#!/usr/bin/env bash
# Makes a Python environment with the peers in it. Usage: benchmarks/peers/setup.sh FOLDER      (a folder outside the repository)
set -euo pipefail
(($# == 1)) || { echo "usage: setup.sh FOLDER (outside the repository; takes about 6 GB)" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$1"
"$1/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
"$1/bin/python" -c 'import torch, transformers, peft; print("torch", torch.__version__, "transformers", transformers.__version__, "peft", peft.__version__)'
echo "Ready: $1/bin/python $here/finetune.py --help"
