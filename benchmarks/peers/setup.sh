#!/usr/bin/env bash
# Makes a Python environment with the peers in it. Usage: benchmarks/peers/setup.sh FOLDER [--avx2]      (a folder outside the repository)
#   --avx2     llama.cpp, which is compiled for one kind of processor, for those without AVX-512
set -euo pipefail
(($# == 1)) || [[ $# == 2 && $2 == --avx2 ]] || { echo "usage: setup.sh FOLDER [--avx2] (outside the repository; takes about 6 GB)" >&2; exit 2; }
if (($# == 2)); then
  export CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON"
elif grep -q amx_int8 /proc/cpuinfo; then
  # g++ 12 believes that loading a tile configuration reads 8 of its 64 bytes, and leaves the others unwritten: llama.cpp would crash
  export CMAKE_ARGS="-DCMAKE_CXX_FLAGS='-fno-tree-dse -fno-dse'"
fi
export PIP_NO_CACHE_DIR=1 # which may hold one that was compiled before, for another processor
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$1"
"$1/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
"$1/bin/python" -c 'import torch, transformers, peft; print("torch", torch.__version__, "transformers", transformers.__version__, "peft", peft.__version__)'
echo "Ready: $1/bin/python $here/finetune.py --help"
