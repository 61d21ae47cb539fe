#!/usr/bin/env bash
# Builds the fuzzers (clang, AddressSanitizer, UBSan) and runs each for some time; stops at the first finding.
# Usage: scripts/fuzz.sh [SECONDS] [NAME...]      for example scripts/fuzz.sh 600 gguf safetensors
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

seconds=${1:-600}
shift || true
names=("$@")
if ((${#names[@]} == 0)); then
  for source in tests/fuzz/*_fuzzer.cc; do names+=("$(basename "$source" _fuzzer.cc)"); done
fi

cmake --preset fuzz
cmake --build --preset fuzz --target "${names[@]/%/_fuzzer}"
python3 tests/fuzz/make_seeds.py build/fuzz/seeds
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
for name in "${names[@]}"; do
  say "Fuzzing $name for $seconds seconds."
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  # A file of at most 64 KiB may make allocations of twice its size and 16 MiB.
  build/fuzz/bin/"${name}_fuzzer" -max_total_time="$seconds" -max_len=65536 -malloc_limit_mb=17 -rss_limit_mb=1024 -timeout=20 -print_funcs=0 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$name-" "$corpus" "build/fuzz/seeds/$name" 2>&1 | tee "build/fuzz/$name.log" | grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse)' || fail "$name: a finding; see build/fuzz/$name.log"
done
say "No findings in ${names[*]}."
