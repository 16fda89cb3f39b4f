#!/usr/bin/env bash
# Makes fixtures/ anew: what real kernels wrote and showed, each in a virtual machine of its
# own, by the project's own `oom rehearse`.
#
#   klog/NAME.KERNEL.log     the kernel log of experiments/NAME.toml: the kernel's banner, and
#                            everything from the scenario's beginning on
#   trees/NAME.KERNEL.tree   what fixtures/scenarios/NAME.toml captured of /proc and cgroupfs
#   PROVENANCE.md            which release wrote which file
#
#   make_fixtures.sh OOM [KERNEL...]     all four kernels by default; needs ./dev kernels
#
# A scenario that does not hold its own expectation gives no fixture and fails the run.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

oom=$1
shift
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(5.10 6.1 6.12 7.2)

logs=(allocating-task-1 cpuset global-no-swap global-swap mempolicy page-tables panic-1 slab
  socket-memory sysrq-f tmpfs v1-limit v1-oom-control v2-limit v2-oom-group-1)
trees=(census)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p fixtures/klog fixtures/trees "$work/trees"

# applies SCENARIO KERNEL: memory controllers of version 1 are gone from 6.12 on.
applies() { [[ $1 != v1-* || $2 == 5.10 || $2 == 6.1 ]]; }

status=0
for kernel in "${kernels[@]}"; do
  for name in "${logs[@]}"; do
    applies "$name" "$kernel" || continue
    if "$oom" rehearse "experiments/$name.toml" --kernel "$kernel" --explain none \
      --log "$work/log" --output "$work/said"; then
      sed -n '/Linux version/p;/oomkit: scenario begins/,$p' "$work/log" >"fixtures/klog/$name.$kernel.log"
      echo "$name.$kernel.log"
    else
      cat "$work/said" >&2 || true
      status=1
    fi
  done
  for name in "${trees[@]}"; do
    if "$oom" rehearse "fixtures/scenarios/$name.toml" --kernel "$kernel" --explain none \
      --captures "$work/trees/" --output "$work/said"; then
      mv "$work/trees/$name.$kernel.$name.tree" "fixtures/trees/$name.$kernel.tree"
      echo "$name.$kernel.tree"
    else
      cat "$work/said" >&2 || true
      status=1
    fi
  done
done

{
  printf '# Where the fixtures come from\n\n'
  printf 'Made by `./dev fixtures` (tools/make_fixtures.sh): each file is from one run of a scenario\n'
  printf 'on a Debian kernel in a QEMU machine. Logs are cut to the banner and the scenario itself.\n\n'
  printf '| file | scenario | kernel |\n|---|---|---|\n'
  for file in fixtures/klog/*.log; do
    name=$(basename "$file" .log)
    scenario=$(sed 's/\.[0-9]*\.[0-9]*$//' <<<"$name")
    printf '| klog/%s.log | experiments/%s.toml | %s |\n' "$name" "$scenario" \
      "$(sed -n 's/.*Linux version \([^ ]*\).*/\1/p' "$file" | head -n 1)"
  done
  for file in fixtures/trees/*.tree; do
    name=$(basename "$file" .tree)
    scenario=$(sed 's/\.[0-9]*\.[0-9]*$//' <<<"$name")
    printf '| trees/%s.tree | fixtures/scenarios/%s.toml | %s |\n' "$name" "$scenario" \
      "$(grep -a -A1 '^@ proc/sys/kernel/osrelease ' "$file" | tail -n 1)"
  done
} >fixtures/PROVENANCE.md
exit $status
