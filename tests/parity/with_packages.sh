#!/usr/bin/env bash
# Runs a script of this folder with the Python that has its packages: GPTASK_PARITY_PYTHON, else the one that scripts/parity.sh
# made. Exit code 77, skipped, where there is none. Usage: with_packages.sh FILE.py [ARGUMENT...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${GPTASK_PARITY_PYTHON:-$here/../../build/parity/venv/bin/python}
if [[ ! -x $python ]]; then
  echo "skipped: there is no $python; scripts/parity.sh installs it and the packages"
  exit 77
fi
script=$1
shift
exec "$python" -B "$here/$script" "$@"
