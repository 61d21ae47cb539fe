#!/usr/bin/env bash
# As scripts/test.sh, but runs the tests labelled long, which train or evaluate on whole data sets and take many minutes.
set -euo pipefail
GPTASK_TEST_LONG=1 exec "$(dirname "$0")/test.sh" "$@"
