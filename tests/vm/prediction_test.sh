#!/bin/bash
# Who is foretold is who is killed: random shortages of memory on a real kernel (the host's, of a
# cgroup with a limit, of nested ones, of a cpuset on one node of two), each foretold by the
# project's rules from a snapshot of the moment before.
#
#   prediction_test.sh PREDICTION_GUEST TRIALS_OF_EACH_KIND KERNEL...
#
# OOMKIT_SEED: the shortages to draw; 1 without it, "random" for others each time.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/machine.sh"
guest=$1 trials=$2
shift 2
need_machines "$@"
seed=${OOMKIT_SEED:-1}
[[ $seed != random ]] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
echo "OOMKIT_SEED=$seed"

new_root
add_program "$guest"
mv "$root/bin/${guest##*/}" "$root/init"
# A machine for so many trials at a time: one that hangs or dies costs no more than its own.
at_once=25
for kernel in "$@"; do
  for ((first = 0; first < trials; first += at_once)); do
    count=$((trials - first < at_once ? trials - first : at_once))
    boot "$kernel" 208 "oomkit.seed=$seed oomkit.first=$((first * 4)) oomkit.trials=$count" \
      -seed "$seed" \
      -object memory-backend-ram,id=node0,size=144M -numa node,nodeid=0,memdev=node0,cpus=0 \
      -object memory-backend-ram,id=node1,size=64M -numa node,nodeid=1,memdev=node1
    judge "$kernel, from $((first * 4))"
    grep -E '^KIND|^TRIAL .* (tie|void)' "$said" || true
  done
done
exit $bad
