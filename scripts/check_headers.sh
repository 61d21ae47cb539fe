#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on each public header by itself, which also shows that a header includes what it needs.
# Usage: scripts/check_headers.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"
cd "$root"

sources=$(mktemp -d)
trap 'rm -rf "$sources"' EXIT
count=0
while read -r header; do
  printf '#include "%s"\n' "$root/$header" >"$sources/$(tr / _ <<<"$header").cc"
  count=$((count + 1))
done < <(git ls-files 'libgpt/include/*.h' 'tasks/*.h')

includes=(-I"$root/libgpt/include" -I"$root/tasks")
for folder in tasks/*/include; do
  [[ ! -d $folder ]] || includes+=("-I$root/$folder")
done
find "$sources" -name '*.cc' -print0 | sort -z |
  xargs -0 -P "$(nproc)" -I{} clang-tidy --quiet --config-file=.clang-tidy {} -- -std=c++20 -Wall -Wextra -Wpedantic -Wconversion "${includes[@]}" \
    2> >(grep -v ' warnings\? generated' >&2)
say "Headers: $count are clean."
