# What the scripts share: messages, timed stages, and the folder of downloaded files. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${GPTASK_CACHE:-${XDG_CACHE_HOME:-${HOME:-$root}/.cache}/gptask}

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# stage NAME COMMAND...: runs the command, remembers how long it took, and ends the script with a clear line where it fails.
# A subshell with its own `set -e` runs it, since bash ignores `set -e` inside a function whose status is tested.
stage_times=()
stage() {
  local name=$1 started=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  set +e
  (set -e; "$@")
  status=$?
  set -e
  local took=$((SECONDS - started))
  stage_times+=("$(printf '%-44s %3d min %02d s' "$name" $((took / 60)) $((took % 60)))")
  if ((status != 0)); then
    print_stage_times
    fail "stage '$name' failed with status $status after $took s; the lines above say why"
  fi
}

print_stage_times() {
  printf '\nTime of each stage:\n'
  printf '  %s\n' "${stage_times[@]}"
}
