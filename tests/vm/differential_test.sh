#!/bin/bash
# Random scenarios in both worlds: so many, on these kernels, with the seed of OOMKIT_SEED (1 without
# it, "random" for others each time). At least so many percent of those that are no race agree.
#
#   differential_test.sh DIFFERENTIAL SCENARIOS PERCENT KERNEL...
set -euo pipefail
program=$1 scenarios=$2 least=$3
shift 3
seed=${OOMKIT_SEED:-1}
[[ $seed != random ]] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
kernels=()
for kernel in "$@"; do kernels+=(--kernel "$kernel"); done
exec "$program" --scenarios "$scenarios" --seed "$seed" --jobs 1 --least "$least" "${kernels[@]}"
