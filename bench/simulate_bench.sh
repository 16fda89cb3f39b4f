#!/bin/bash
# How fast the model is, against its targets:
#
#   a day of a 64 GiB host     200 processes, page cache and swap (simulate/day.toml) in under 2 s
#   that day, four processors  shown; memory as below
#   16 GiB against 4 TiB       the same events (simulate/fill.toml) within twice the time
#   memory                     at most 200 MiB in each of them
#   10,000 short runs          a sweep (simulate/limits.toml) in under a minute on two processors,
#                              which is in under two minutes of one; the wall's time counts where
#                              both were ours (twice as much of processors as of time)
#   ranks                      the same sweep by mpirun, with one and with two: shown
#
# Medians of rounds. What is held against a target of seconds is the processor's time, which is
# the same whoever else is using the machine; the wall's is shown. --smoke: one round of each, a
# short sweep, no verdict. OOMKIT_BENCH_ROUNDS sets another number of rounds. Fails if a target is
# missed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}
oom=${OOMKIT_BENCH_OOM:-build/oom}
rounds=${OOMKIT_BENCH_ROUNDS:-5}
smoke=''
if [[ ${1-} == --smoke ]]; then
  smoke=yes rounds=1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp bench/simulate/{day,short,limits}.toml "$folder"
[[ ! $smoke ]] || sed -i 's/^runs = .*/runs = 4/' "$folder/limits.toml"
runs=$(($(sed -n 's/^runs = //p' "$folder/limits.toml") * 5))
for gib in 16 4096; do
  mib=$((gib * 1024))
  sed "s/MEMORY/${mib}M/; s/SIXTH/$((mib / 6))M/g; s/HALF/$((mib / 2))M/g" \
    bench/simulate/fill.toml >"$folder/fill.$gib.toml"
done

missed=0
judge() {  # VALUE TARGET
  local verdict=ok
  if [[ $smoke ]]; then return; fi
  awk -v value="$1" -v target="$2" 'BEGIN { exit !(value <= target) }' || verdict=MISSED
  printf '%s (<= %s)' "$verdict" "$2"
}
show() {  # NAME SECONDS PEAK VERDICTS
  printf '%-40s %8.3f s %7.1f MiB  %s\n' "$@"
  [[ $4 != *MISSED* ]] || missed=1
}
# The processor seconds of a command, user and system: the median of so many runs.
processor_seconds() {  # ROUNDS COMMAND...
  local round TIMEFORMAT='%U %S' took=()
  for ((round = 0; round < $1; ++round)); do
    took+=("$({ time "${@:2}" >/dev/null; } 2>&1 | awk '{ print $1 + $2 }')")
  done
  printf '%s\n' "${took[@]}" | sort -n | sed -n "$((($1 + 1) / 2))p"
}
# A sweep that fails is quick: so it has to have all its runs before it is measured.
check_runs() {  # COMMAND...
  local seen
  seen=$("$@" --format csv 2>"$folder/errors" | wc -l)
  ((seen == runs + 1)) || {
    printf 'simulate_bench: %d of %d runs: %s\n' $((seen - 1)) "$runs" "$(cat "$folder/errors")" >&2
    exit 1
  }
}

sed 's/^memory = .*/&\ncpus = 4/' "$folder/day.toml" >"$folder/day.4.toml"

for name in day fill.16 fill.4096; do
  "$oom" simulate "$folder/$name.toml" >"$folder/out" || {
    cat "$folder/out"
    exit 1
  }
done
mapfile -t results < <("$programs/measure" "$rounds" 1 \
  -- "$oom" simulate "$folder/fill.16.toml" \
  -- "$oom" simulate "$folder/fill.4096.toml" \
  -- "$oom" simulate "$folder/day.toml")
read -r seconds _ _ peak <<<"${results[2]}"
processor=$(processor_seconds "$rounds" "$oom" simulate "$folder/day.toml")
show 'a day, 64 GiB, 200 processes' "$seconds" "$peak" \
  "processor $processor s $(judge "$processor" 2), memory $(judge "$peak" 200)"
mapfile -t several < <("$programs/measure" 1 1 -- "$oom" simulate "$folder/day.4.toml")
read -r seconds _ _ peak <<<"${several[0]}"
show 'that day, four processors' "$seconds" "$peak" "memory $(judge "$peak" 200)"
read -r seconds _ _ peak <<<"${results[0]}"
show 'filled and emptied, 16 GiB' "$seconds" "$peak" "memory $(judge "$peak" 200)"
read -r seconds ratio _ peak <<<"${results[1]}"
show 'filled and emptied, 4 TiB' "$seconds" "$peak" \
  "$ratio of 16 GiB $(judge "$ratio" 2), memory $(judge "$peak" 200)"

sweep=("$oom" simulate --sweep "$folder/limits.toml")
check_runs "${sweep[@]}"
few=$((rounds > 3 ? 3 : rounds))
mapfile -t results < <("$programs/measure" "$few" 1 -- "${sweep[@]}" --threads 2)
read -r seconds _ _ peak <<<"${results[0]}"
processor=$(processor_seconds 1 "${sweep[@]}" --threads 2)
wall='not judged by time: others used the processors too'
if awk -v used="$processor" -v time="$seconds" 'BEGIN { exit !(used >= 1.8 * time) }'; then
  wall="time $(judge "$seconds" 60)"
fi
show "sweep of $runs runs, 2 threads" "$seconds" "$peak" \
  "$wall, processor $processor s $(judge "$processor" 120), memory $(judge "$peak" 200)"

if ! command -v mpirun >/dev/null; then
  printf 'sweep by mpirun: skipped: mpirun is not installed\n'
  exit $missed
fi
ranks() { printf '%s\n' mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$1"; }
mapfile -t one < <(ranks 1)
mapfile -t two < <(ranks 2)
check_runs "${two[@]}" "${sweep[@]}"
mapfile -t results < <("$programs/measure" "$few" 1 -- "${one[@]}" "${sweep[@]}" \
  -- "${two[@]}" "${sweep[@]}")
read -r seconds _ _ peak <<<"${results[0]}"
show "sweep of $runs runs, mpirun -n 1" "$seconds" "$peak" ''
read -r seconds ratio _ peak <<<"${results[1]}"
show "sweep of $runs runs, mpirun -n 2" "$seconds" "$peak" "$ratio of one rank"
exit $missed
