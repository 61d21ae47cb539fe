#!/usr/bin/env bash
# Compares the project's files and tokenizers with the programs that read them: Transformers, PEFT, llama.cpp, tokenizers. Not part of the tests: it installs Python packages
# (llama-cpp-python compiles for a few minutes) into build/parity/venv, or uses the interpreter that GPTASK_PARITY_PYTHON names.
# Usage: scripts/parity.sh [ARGUMENT OF tests/parity/parity.py...]
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

python=${GPTASK_PARITY_PYTHON:-build/parity/venv/bin/python}
if [[ ! -x $python ]]; then
  say "Installing the Python packages into build/parity/venv."
  mkdir -p build/parity
  python3 -m venv build/parity/venv
  "$python" -m pip install --quiet --disable-pip-version-check torch==2.15.* transformers==5.24.* peft==0.21.* gguf==0.19.* llama-cpp-python==0.3.36
fi
cmake --preset release
cmake --build --preset release --target gptask parity_tool plugin_sentiment
"$python" -B tests/parity/tokenizer_parity.py --gptask build/release/bin/gptask || (($? == 77))  # 77: its texts are not on this machine
exec "$python" -B tests/parity/parity.py "$@"
