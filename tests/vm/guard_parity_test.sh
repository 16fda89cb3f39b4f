#!/bin/bash
# Imported configurations kill whom the programs kill that they were written for: all cases of
# ./dev bench guard --parity, on 6.12.
#
#   guard_parity_test.sh BUILD_FOLDER
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/machine.sh"
need_machines 6.12
if ! bash "$here/../../bench/guard/image.sh"; then
  skip "the image of a Debian root cannot be made here, see above"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OOMKIT_KERNELS=$kernels OOMKIT_BENCH_RESULTS=$work OOMKIT_BENCH_PROGRAMS=$1/bench
export OOMKIT_BENCH_OOM=$1/src/cli/oom OOMKIT_BENCH_GUARD=$1/src/guard/oom-guard
bash "$here/../../bench/guard_parity.sh"
