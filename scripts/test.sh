#!/usr/bin/env bash
# Installs the packages, builds everything in build/release and runs the tests, except those labelled long (scripts/test_long.sh) and
# parity (scripts/parity.sh).
# Usage: scripts/test.sh [CTEST ARGUMENT...]      for example scripts/test.sh -R tensor
# Tests that need ../shared or the weights of scripts/fetch.sh are skipped where these are absent. With CI=true and ../shared
# there, a skipped test is a failure, and so is a warning of the compiler.
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

shared=$(dirname "$root")/shared
werror=OFF
[[ ! -d $shared/reference ]] || export GPTASK_REFERENCE_DIR=${GPTASK_REFERENCE_DIR:-$shared/reference}
[[ ! -d $shared/data ]] || export GPTASK_DATA_DIR=${GPTASK_DATA_DIR:-$shared/data}
if [[ ${CI:-} == true ]]; then
  werror=ON
  [[ ! -d $shared ]] || export GPTASK_NO_SKIP=1
fi

build() {
  cmake --preset release -DGPTASK_WERROR=$werror -DGPTASK_TESTS=ON -DGPTASK_BENCHMARKS=ON
  cmake --build --preset release
}

log=build/release/tests.log
run_tests() {
  ctest --test-dir build/release --output-on-failure --no-tests=error --timeout 900 "${selection[@]}" 2>&1 | tee "$log"
}
selection=(-LE 'long|parity' "$@")
[[ ${GPTASK_TEST_LONG:-} != 1 ]] || selection=(-L long "$@")

stage "Packages" scripts/packages.sh
stage "Build" build
stage "Tests" run_tests
print_stage_times

printf "\n"
total=$(sed -n 's/^.* tests failed out of \([0-9]*\)$/\1/p' "$log")
skipped=$(grep -cE 'Test +#.*\*\*\*(Skipped|Not Run)' "$log" || true)
printf "%d passed, 0 failed, %d skipped\n" $((total - skipped)) "$skipped" | tee build/release/tests.summary
