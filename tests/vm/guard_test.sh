#!/bin/bash
# The guard's promise on a real kernel, with the policy that is shipped: whoever makes memory short
# dies, though a database beside it is larger, before the kernel has to choose, and nobody else.
# Workloads, machine and judgement are those of ./dev bench guard; all is in memory.
#
#   guard_test.sh OOM OOM_GUARD GUARD_TRIAL GUARD_COMPARE
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/machine.sh"
need_machines 6.12
bench=$here/../../bench/guard

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/payload"
bash "$bench/payload.sh" "$1" "$2" "$work/payload"
{ ldd "$1" | grep -o '/[^ ]*' || true; } | xargs -I{} cp -L {} "$work/payload/"

export OOMKIT_GUEST=$3 OOMKIT_KERNELS=$kernels
"$4" --payload "$work/payload" --results "$work/results" --captures "$work/captures" \
  --daemon guard --kernel 6.12 "$bench"/workloads/{leak,small-leak}.toml
if [[ $(grep -c '"kernel_kills":0,.*"right":true' "$work/results") != 2 ]]; then
  cat "$work"/captures/*
  exit 1
fi
