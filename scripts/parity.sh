#!/usr/bin/env bash
# Compares the project's files, tokenizers and figures with the programs that read or define them: Transformers, PEFT, llama.cpp,
# tokenizers, sacrebleu, rouge-score, scikit-learn. These are the tests labelled parity, which scripts/test.sh leaves out: they need
# Python packages (llama-cpp-python compiles for a few minutes), installed into build/parity/venv unless GPTASK_PARITY_PYTHON names
# an interpreter that has them. Usage: scripts/parity.sh [CTEST ARGUMENT...]      for example scripts/parity.sh -R parity_tokenizers
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

if [[ -z ${GPTASK_PARITY_PYTHON:-} && ! -e build/parity/venv/complete ]]; then
  say "Installing the Python packages into build/parity/venv."
  mkdir -p build/parity
  python3 -m venv build/parity/venv
  build/parity/venv/bin/python -m pip install --quiet --disable-pip-version-check torch==2.15.* transformers==5.24.* peft==0.21.* gguf==0.19.* \
    llama-cpp-python==0.3.36 sacrebleu==2.6.* rouge-score==0.1.2 scikit-learn==1.9.* scipy
  touch build/parity/venv/complete
fi
cmake --preset release -DGPTASK_TESTS=ON
plugins=(plugin_classification plugin_sentiment plugin_qa plugin_summarization plugin_translation plugin_multiple_choice)
cmake --build --preset release --target gptask parity_tool "${plugins[@]}"
exec ctest --test-dir build/release --verbose --no-tests=error -L parity "$@"
