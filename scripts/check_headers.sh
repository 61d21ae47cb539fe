#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on the public headers, all included by one source: the libraries they share are read once.
# Usage: scripts/check_headers.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

headers=$(git ls-files 'libgpt/include/*.h' 'tasks/*/include/*.h')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
while read -r header; do
  printf '#include "%s"\n' "$root/$header"
done <<<"$headers" >"$folder/headers.cc"

includes=(-I"$root/libgpt/include")
for include in tasks/*/include; do
  includes+=("-I$root/$include")
done
clang-tidy --quiet --config-file=.clang-tidy "$folder/headers.cc" -- -std=c++20 -Wall -Wextra -Wpedantic -Wconversion "${includes[@]}" \
  2> >(grep -v ' warnings\? generated' >&2)
say "Headers: $(wc -l <<<"$headers") are clean."
