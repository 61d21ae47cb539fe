#!/usr/bin/env bash
# Installs the Debian (or Ubuntu) packages that the project builds with, where they are missing. This is the one list of them.
# Usage: scripts/packages.sh [--ci] [--list]
#   --ci     also what the checks of .ci/run need     --list   print the names and stop
# GPTASK_SKIP_PACKAGES=1 skips the whole step, for machines that get the libraries in another way.
set -euo pipefail
source "$(dirname "$0")/common.sh"

packages=(
  g++ cmake ninja-build pkg-config git
  libdnnl-dev libtbb-dev libhwy-dev
  libboost-dev libboost-filesystem-dev libboost-iostreams-dev libboost-system-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev libicu-dev libxxhash-dev libzstd-dev zlib1g-dev
  catch2
  python3 python3-pip python3-venv
)
ci_packages=(clang clang-format clang-tidy libclang-rt-14-dev)

list_only=no
for argument in "$@"; do
  case $argument in
    --ci) packages+=("${ci_packages[@]}") ;;
    --list) list_only=yes ;;
    *) fail "unknown argument '$argument'; usage: scripts/packages.sh [--ci] [--list]" ;;
  esac
done

if [[ $list_only == yes ]]; then
  printf '%s\n' "${packages[@]}"
  exit 0
fi
if [[ ${GPTASK_SKIP_PACKAGES:-} == 1 ]]; then
  say "Packages: skipped, as GPTASK_SKIP_PACKAGES=1 asks."
  exit 0
fi

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || fail "this machine has no apt-get.
Install what these Debian packages hold in your system's way, then run again with GPTASK_SKIP_PACKAGES=1:
  ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ $state == ii* ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  say "Packages: all ${#packages[@]} are installed."
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "packages are missing, and this user is neither root nor has sudo. Ask an administrator to run:
  apt-get install ${missing[*]}"
  as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"; }

say "Packages: installing ${missing[*]}"
# A failing update alone is no reason to stop: the lists that are there may do.
apt update || say "Packages: apt-get update failed; trying with the lists that are there."
apt install -y --no-install-recommends "${missing[@]}" || fail "apt-get could not install everything.
When this machine has a network again, or on one that has, install:
  ${missing[*]}"
say "Packages: done."
