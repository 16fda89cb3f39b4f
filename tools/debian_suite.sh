#!/usr/bin/env bash
# What the scripts here share: the suites of Debian that have the kernels, and an apt that
# looks into one of them without touching the machine's own suites and packages (sources,
# lists and cache in a private folder, the mirror read from the machine's own sources).
#
# Sourced, not run. Sets cache (where kernels are kept) and suite_of (kernel to suite).

# shellcheck disable=SC2034  # Both are for who sources this.
cache=${OOMKIT_KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/oomkit/kernels}
declare -A suite_of=([5.10]=bullseye [6.1]=bookworm [6.12]=trixie [7.2]=sid)

fail() {
  echo "$(basename "$0" .sh): $1" >&2
  exit 3
}

# The first mirror that apt itself uses here, in either format of its sources.
mirror() {
  {
    sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null
    sed -n 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null
  } | grep -v security | head -n 1
}

# apt with a world of its own below $1, for the suite $2. A mirror that lags behind is good enough for
# what only runs in virtual machines; what it has is signed all the same.
private_apt() {
  local world=$1 suite=$2
  shift 2
  mkdir -p "$world/lists/partial" "$world/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" >"$world/sources.list"
  : >"$world/status"
  "$@" -o Dir::Etc::sourcelist="$world/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::Lists="$world/lists" -o Dir::Cache="$world" -o Dir::Cache::archives="$world/archives" \
    -o Dir::State::status="$world/status" -o APT::Get::List-Cleanup=0 -o Acquire::Languages=none \
    -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false
}
