#!/usr/bin/env bash
# Installs a finished build into a temporary prefix, moves the prefix, and works with it as somebody who has no source tree:
# builds the plugin template and an example outside, trains with the plugin, and reads the result back.
# Usage: install_test.sh BUILD SOURCE     Ends with 77 where the build has sanitizers, which outside programs lack.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$2")
unset DESTDIR LD_LIBRARY_PATH GPTASK_PLUGIN_PATH PKG_CONFIG_PATH CMAKE_PREFIX_PATH gptask_DIR
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

step() { echo "== $*"; }
fail() {
  echo "install_test: $*" >&2
  exit 1
}
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }
expect() { grep -qF -e "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
# configure_and_build SOURCE BUILD [OPTION...]: with the compiler and flags that gptask was built with.
configure_and_build() {
  local log=$work/build.log
  { cmake -S "$1" -B "$2" -G "$(cached CMAKE_GENERATOR)" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE="$(cached CMAKE_BUILD_TYPE)" \
      -DCMAKE_CXX_COMPILER="$(cached CMAKE_CXX_COMPILER)" -DCMAKE_CXX_FLAGS="$(cached CMAKE_CXX_FLAGS) -Wall -Wextra -Werror" "${@:3}" &&
      cmake --build "$2"; } >"$log" 2>&1 || {
    cat "$log" >&2
    fail "$1 does not build against the installed gptask"
  }
}

install_and_move() {
  step "install, then move the prefix"
  cmake --install "$build" --prefix "$work/first" >"$work/install.log"
  mv "$work/first" "$prefix"
  library_dir=$(dirname "$(find "$prefix" -name libgpt.so)")
}

check_relocatable() {
  step "no path leads out of the prefix"
  local file path
  for file in "$prefix/bin/gptask" "$library_dir"/*.so "$library_dir"/gptask/plugins/*.so; do
    path=$(readelf -d "$file" | sed -n 's/.*\(RUNPATH\|RPATH\).*\[\(.*\)\]/\1 \2/p')
    [[ $path == "RUNPATH \$ORIGIN"* && $path != *:* ]] || fail "${file#"$prefix"/} has the path \"$path\""
    [[ $(basename "$file") == gptask || $file == */plugins/* || $(readlink "$file") == *.so.* ]] || fail "$file carries no version"
  done
  local absolute
  absolute=$(grep -rlF -e "$build" -e "$work/first" --include='*.cmake' --include='*.pc' "$prefix") || true
  [[ -z $absolute ]] || fail "absolute paths in $absolute"
}

build_outside() {
  step "build the plugin template and two programs outside the tree"
  cp -r "$source/plugins/template" "$source/apps/examples/review_filter" "$work"
  configure_and_build "$work/template" "$work/template/build"
  configure_and_build "$source/tests/install/tiny_model" "$work/tiny_model" -DSUPPORT="$source/tests"
  configure_and_build "$work/review_filter" "$work/review_filter/build"
  plugin=$work/template/build/keywords.so
}

list_plugins() {
  step "the program finds the installed plugins and the one outside"
  local listed
  listed=$("$prefix/bin/gptask" plugins --plugin "$plugin")
  expect "$listed" "keywords (version 1)  $plugin"
  expect "$listed" "classification (version 1)  $library_dir/gptask/plugins/classification.so"
  expect "$listed" "sentiment (version 1)  $library_dir/gptask/plugins/sentiment.so"
  [[ $listed != *refused* ]] || fail "$listed"
  listed=$(GPTASK_PLUGIN_PATH=$(dirname "$plugin") "$prefix/bin/gptask" plugins)
  expect "$listed" "keywords (version 1)"
  listed=$(cd "$(dirname "$plugin")" && "$prefix/bin/gptask" plugins)
  [[ $listed != *keywords* ]] || fail "the current directory was searched: $listed"
}

# finetune TASK OUTPUT [OPTION...]
finetune() {
  "$prefix/bin/gptask" finetune "$1" --model "$work/data/model" --train-file "$work/data/train.csv" --validation-file "$work/data/train.csv" \
    --output-dir "$2" --num-train-epochs 30 --batch-size 8 --learning-rate 0.01 --json "${@:3}" >"$work/finetune.log" 2>&1 ||
    fail "finetune $1: $(cat "$work/finetune.log")"
}

train_and_reload() {
  step "train the plugin's head, full and as an adapter, and read it back"
  mkdir "$work/data"
  "$work/tiny_model/tiny_model" "$work/data"
  local tuning run answers error
  for tuning in full lora; do
    run=$work/run-$tuning
    finetune keywords "$run" --plugin "$plugin" --tuning "$tuning"
    "$prefix/bin/gptask" evaluate --plugin "$plugin" --model "$run" --test-file "$work/data/train.csv" --output-dir "$run-test" --json >"$work/log" 2>&1 ||
      fail "evaluate: $(cat "$work/log")"
    python3 - "$run/eval_results.json" "$run-test/test_results.json" <<'PYTHON' || fail "the model that was read back answers differently"
import json, sys
before, after = (json.load(open(name)) for name in sys.argv[1:])
for metric in "accuracy", "f1", "precision", "recall", "matthews_correlation":
    assert before["eval_" + metric] == after["test_" + metric] > 0.9, (metric, before, after)
PYTHON
    answers=$("$prefix/bin/gptask" predict --plugin "$plugin" --model "$run" --text "film 3 is lovely")
    expect "$answers" fresh
    error=$("$prefix/bin/gptask" predict --model "$run" --text "film 3 is lovely" 2>&1) && fail "answers without the plugin"
    expect "$error" keywords
    expect "$error" "plugin"
  done
}

run_example() {
  step "an example by CMake and by pkg-config"
  finetune sentiment "$work/sentiment" --tuning lora
  export PKG_CONFIG_PATH=$library_dir/pkgconfig
  # shellcheck disable=SC2046
  $(cached CMAKE_CXX_COMPILER) $(cached CMAKE_CXX_FLAGS) -std=c++20 "$work/review_filter/review_filter.cc" -o "$work/review_filter/by_hand" \
    $(pkg-config --cflags --libs gptask) "-Wl,-rpath,$(pkg-config --variable=libdir gpt)"
  printf 'film 3 is lovely\nfilm 4 is awful\n' >"$work/reviews.txt"
  local program
  for program in build/review_filter by_hand; do
    "$work/review_filter/$program" "$work/sentiment" fresh 0 <"$work/reviews.txt" >"$work/kept"
    [[ $(cut -f 2 "$work/kept") == "film 3 is lovely" ]] || fail "$program kept: $(cat "$work/kept")"
  done
}

[[ -z $(cached GPTASK_SANITIZE) ]] || exit 77
install_and_move
check_relocatable
build_outside
list_plugins
train_and_reload
run_example
echo "The installed gptask works."
