#!/usr/bin/env bash
# Measures gptask beside other software on this machine: every row of the table in benchmarks/README.md, both sides one after the
# other in one run. Usage: benchmarks/run.sh [--peers FOLDER] [--data DATA] [--only ROW ...] [--list] [--trial]
# FOLDER: the peers' Python environment, made by benchmarks/peers/setup.sh where it is not there yet; without it only gptask runs.
# Results: runs/benchmarks/results.json and table.md. About 25 minutes; nothing else should run meanwhile.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${GPTASK_PEERS:-}
arguments=()
while (($#)); do
  case $1 in
    --peers) peers=${2:?"--peers needs a folder"} && shift ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
if [[ -n $peers && ! -x $peers/bin/python ]]; then
  "$here/peers/setup.sh" "$peers"
fi
exec python3 "$here/compare/compare.py" ${peers:+--peers "$peers"} ${arguments[@]+"${arguments[@]}"}
