#!/bin/bash
# Random scenarios in both worlds: so many, on these kernels, with the seed of OOMKIT_SEED (1 without
# it, "random" for others each time).
#
#   differential_test.sh DIFFERENTIAL SCENARIOS KERNEL...
set -euo pipefail
program=$1 scenarios=$2
shift 2
seed=${OOMKIT_SEED:-1}
[[ $seed != random ]] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
kernels=()
for kernel in "$@"; do kernels+=(--kernel "$kernel"); done
exec "$program" --scenarios "$scenarios" --seed "$seed" --jobs 1 --least 80 "${kernels[@]}"
