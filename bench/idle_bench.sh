#!/bin/bash
# What the guard costs while nothing happens, with the shipped server policy, beside earlyoom
# (its Debian package) in the same minute, on a host with some 300 processes and with 5,000:
#
#   processor time        at most earlyoom's: all of the guard's processes and threads
#   wake-ups              at most one a second
#   resident and locked   at most 2.5 MiB in the process that kills
#
# Both only look: `--dry-run`. The sleeping processes are this script's own, and end with it.
# --smoke: few processes, two seconds, no verdict. OOMKIT_BENCH_SECONDS sets another time. Fails
# if a target is missed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}
oom=${OOMKIT_BENCH_OOM:-build/oom}
seconds=${OOMKIT_BENCH_SECONDS:-60}
counts=(300 5000)
smoke=''
if [[ ${1-} == --smoke ]]; then
  smoke=yes seconds=2 counts=(20)
fi

work=$(mktemp -d)
started=()
finish() {
  ((${#started[@]})) && kill "${started[@]}" 2>/dev/null
  wait
  rm -rf "$work"
}
trap finish EXIT

# earlyoom as a program alone: its package would start it as a service.
earlyoom=''
if [[ ! $smoke ]] && (cd "$work" && apt-get download -qq earlyoom >/dev/null 2>&1); then
  dpkg-deb -x "$work"/earlyoom_*.deb "$work/earlyoom"
  earlyoom=$work/earlyoom/usr/bin/earlyoom
fi

family() {  # PID: it and all below it.
  printf '%s\n' "$1"
  local child
  for child in $(cat /proc/"$1"/task/*/children); do family "$child"; done
}

# PID: microseconds of processor time and voluntary waits so far, of the whole family.
spent() {
  local member
  for member in $(family "$1"); do
    awk '/^voluntary_ctxt_switches/ { waits += $2 } FILENAME ~ /schedstat/ { time += $1 }
      END { print int(time / 1000), waits }' /proc/"$member"/task/*/{schedstat,status}
  done | awk '{ time += $1; waits += $2 } END { print time, waits }'
}

of_status() { awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"; }  # PID FIELD, in KiB.

missed=0
judge() {  # NAME VALUE TARGET
  if [[ $smoke ]]; then return; fi
  if awk -v value="$2" -v target="$3" 'BEGIN { exit !(value <= target) }'; then
    printf '  %s ok (<= %s)' "$1" "$3"
  else
    printf '  %s MISSED (<= %s)' "$1" "$3"
    missed=1
  fi
}

measure_with() {  # COUNT
  coproc SLEEPERS { "$programs/make_processes" "$1"; }
  local sleepers=${SLEEPERS[1]} word theirs='' ours
  if ! read -r -t 120 word <&"${SLEEPERS[0]}" || [[ $word != ready ]]; then
    printf 'idle_bench: skipped: %s processes cannot be started here\n' "$1"
    exit 0
  fi
  if [[ $earlyoom ]]; then
    "$earlyoom" --dryrun -r 0 -m 1 -s 1 >"$work/earlyoom.said" 2>&1 &
    theirs=$! started+=($!)
  fi
  "$oom" guard --config packaging/policies/server.toml --dry-run --lock "$work/lock" \
    --socket "$work/socket" >"$work/guard.said" 2>&1 &
  ours=$! started+=($!)
  sleep "$([[ $smoke ]] && echo 1 || echo 5)"
  local their_time=0 their_waits=0 our_time our_waits time waits
  [[ $theirs ]] && read -r their_time their_waits < <(spent "$theirs")
  read -r our_time our_waits < <(spent "$ours")
  sleep "$seconds"
  printf '%s processes, %s s:%15s %9s %9s %9s\n' "$1" "$seconds" 'CPU' wake-ups resident locked
  local target=''
  if [[ $theirs ]]; then
    read -r time waits < <(spent "$theirs")
    target=$((time - their_time))
    printf '%-28s %6d us %9d %6d KiB %6d KiB\n' earlyoom "$target" $((waits - their_waits)) \
      "$(of_status "$theirs" VmRSS)" "$(of_status "$theirs" VmLck)"
  fi
  read -r time waits < <(spent "$ours")
  local killer resident
  killer=$(family "$ours" | while read -r pid; do
    [[ $(of_status "$pid" VmLck) != 0 ]] && echo "$pid" && break
  done || true)
  killer=${killer:-$ours}
  resident=$(of_status "$killer" VmRSS)
  printf '%-28s %6d us %9d %6d KiB %6d KiB\n' 'oom guard' $((time - our_time)) \
    $((waits - our_waits)) "$resident" "$(of_status "$killer" VmLck)"
  if [[ $target ]]; then
    judge CPU $((time - our_time)) "$target"
  elif [[ ! $smoke ]]; then
    printf '  CPU: no earlyoom to be had here'
  fi
  judge wake-ups $((waits - our_waits)) "$seconds"
  judge resident "$resident" 2560
  printf '\n'
  kill "${started[@]}"
  wait "${started[@]}" 2>/dev/null || true
  started=()
  exec {sleepers}>&-
  wait
}

for count in "${counts[@]}"; do measure_with "$count"; done
exit $missed
