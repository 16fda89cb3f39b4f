#!/bin/bash
# How fast `oom explain` is, against its targets:
#
#   a log without a kill       at most 1.25 times the wall time of rg -c for the same words
#   a log that is all reports  at least 250 MB/s to --summary and 100 MB/s to JSON, one core
#   any log                    at most 64 MiB of memory
#
# The reports are whole ones of hosts with 100 to 300 processes, of kernels from 2.6.18 on, in
# which four lines of five are rows of the task table. A log of short reports, a quarter as long,
# is measured beside them: there the work for each report counts as much as that for its lines.
#
# Medians of runs in turn, page cache warm. --smoke: small logs, one round, no verdict.
# OOMKIT_BENCH_MB and OOMKIT_BENCH_ROUNDS set other sizes. Fails if a target is missed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}
oom=${OOMKIT_BENCH_OOM:-build/oom}
logs=build/bench-logs
megabytes=${OOMKIT_BENCH_MB:-1000}
rounds=${OOMKIT_BENCH_ROUNDS:-7}
smoke=''
if [[ ${1-} == --smoke ]]; then
  smoke=yes megabytes=8 rounds=1
fi

# The best-known words alone, which rg finds fastest, and all of the scanner's.
few_words='invoked oom-killer|oom-kill:|Killed process|Out of memory'
all_words=$("$programs/make_logs" words)

mkdir -p "$logs"
log() {  # KIND MEGABYTES: its file, made if it is not there or older than what makes it.
  local file=$logs/$1-$2.log
  if [[ ! -s $file || $file -ot $programs/make_logs ]]; then
    "$programs/make_logs" "$1" "$2"000000 "$file.part"
    mv "$file.part" "$file"
  fi
  printf '%s' "$file"
}

missed=0
row() {  # NAME SECONDS RATIO MB/S PEAK "VERDICT"
  printf '%-42s %8.3f s %7s %9s MB/s %7.1f MiB  %s\n' "$@"
}
# judge VALUE RELATION TARGET: "ok" or "MISSED", with the target.
judge() {
  local verdict=ok
  awk -v value="$1" -v target="$3" "BEGIN { exit !(value $2 target) }" || verdict=MISSED
  [[ $smoke ]] && verdict=''
  printf '%s (%s %s)' "$verdict" "$2" "$3"
}
note() { [[ $1 != *MISSED* ]] || missed=1; }

printf '%-42s %10s %7s %14s %11s\n' '' wall 'to rg' speed peak

quiet=$(log quiet "$megabytes")
mapfile -t results < <("$programs/measure" "$rounds" "$(stat -c %s "$quiet")" \
  -- rg -c "$few_words" "$quiet" \
  -- "$oom" explain --summary "$quiet" \
  -- rg -c "$all_words" "$quiet")
names=('no kill: rg, the best-known words' 'no kill: oom explain --summary' 'no kill: rg, all words')
for i in 0 1 2; do
  read -r seconds ratio speed peak <<<"${results[i]}"
  verdict=''
  if ((i == 1)); then
    verdict="$(judge "$ratio" '<=' 1.25), memory $(judge "$peak" '<=' 64)"
    note "$verdict"
  fi
  row "${names[i]}" "$seconds" "$ratio" "$speed" "$peak" "$verdict"
done

for kind in reports-syslog reports-dmesg brief-dmesg; do
  file=$(log "$kind" $((megabytes / 2)))
  mapfile -t results < <("$programs/measure" "$rounds" "$(stat -c %s "$file")" \
    -- taskset -c 0 "$oom" explain --summary "$file" \
    -- taskset -c 0 "$oom" explain --format json "$file")
  names=("$kind, one core: --summary" "$kind, one core: --format json")
  targets=(250 100)
  for i in 0 1; do
    read -r seconds ratio speed peak <<<"${results[i]}"
    verdict="memory $(judge "$peak" '<=' 64)"
    [[ $kind == brief-* ]] || verdict="$(judge "$speed" '>=' "${targets[i]}"), $verdict"
    note "$verdict"
    row "${names[i]}" "$seconds" - "$speed" "$peak" "$verdict"
  done
done
exit "$missed"
