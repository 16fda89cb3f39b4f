#!/bin/bash
# How fast `oom top --once` is with 5,000 processes, against its targets:
#
#   all scopes, as JSON or text   at most half of the wall time of `ps aux`
#   memory                        at most 16 MiB
#   naming the next victim        a scan at most half of one of earlyoom (top_vm.sh)
#
# Medians of runs in turn: each round runs every command once, and the ratio is that within a
# round. The processes are this script's own, and end with it. --smoke: few processes, one
# round, no verdict. OOMKIT_BENCH_PROCESSES and OOMKIT_BENCH_ROUNDS set other sizes. Fails if a
# target is missed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}
oom=${OOMKIT_BENCH_OOM:-build/oom}
processes=${OOMKIT_BENCH_PROCESSES:-5000}
rounds=${OOMKIT_BENCH_ROUNDS:-15}
smoke=''
if [[ ${1-} == --smoke ]]; then
  smoke=yes processes=50 rounds=1
fi

if ! command -v ps >/dev/null; then
  printf 'top_bench: skipped: ps, which it is measured against, is not installed\n'
  exit 0
fi

coproc SLEEPERS { "$programs/make_processes" "$processes"; }
sleepers=${SLEEPERS[1]}
trap 'exec {sleepers}>&-; wait' EXIT
if ! read -r -t 60 word <&"${SLEEPERS[0]}" || [[ $word != ready ]]; then
  printf 'top_bench: skipped: %s processes cannot be started here\n' "$processes"
  exit 0
fi

missed=0
judge() {  # VALUE TARGET
  local verdict=ok
  awk -v value="$1" -v target="$2" 'BEGIN { exit !(value <= target) }' || verdict=MISSED
  [[ $smoke ]] && verdict=''
  printf '%s (<= %s)' "$verdict" "$2"
}

mapfile -t results < <("$programs/measure" "$rounds" 1 \
  -- ps aux \
  -- "$oom" top --once \
  -- "$oom" top --once --format json \
  -- "$oom" top --once --scope host -n 1 \
  -- "$oom" top --once --verify)
names=('ps aux' 'oom top --once' 'oom top --once --format json' 'oom top --once --scope host -n 1'
  'oom top --once --verify: every score')
printf '%d processes%23s %7s %11s\n' "$processes" wall 'to ps' peak
for i in "${!names[@]}"; do
  read -r seconds ratio _ peak <<<"${results[i]}"
  verdict=''
  if ((i >= 1 && i <= 3)); then
    verdict="$(judge "$ratio" 0.5), memory $(judge "$peak" 16)"
    [[ $verdict != *MISSED* ]] || missed=1
  fi
  printf '%-36s %8.4f s %7s %7.1f MiB  %s\n' "${names[i]}" "$seconds" "$ratio" "$peak" "$verdict"
done
if [[ $smoke ]]; then
  printf 'against earlyoom: left out of the smoke run\n'
else
  status=0
  bash bench/top_vm.sh "$oom" "$programs" "$processes" 5 || status=$?
  # 77: it says what is missing here.
  ((status == 0 || status == 77)) || missed=1
fi
exit $missed
