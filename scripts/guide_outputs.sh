#!/usr/bin/env bash
# Runs every command of the guide and writes what it prints into both languages. Look at the difference before you commit it.
# Usage: scripts/guide_outputs.sh [--long] [--only CHAPTER]      needs the release build
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"
python3 -B tests/guide/guide_test.py --update "$@"
