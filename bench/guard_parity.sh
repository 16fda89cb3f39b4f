#!/bin/bash
# Imported configurations against the programs that they were written for: the same workload, once
# with the program and once with the guard by `oom guard import`, in machines of their own. Who
# dies first has to be the same; when is told.
#
#   ./dev bench guard --parity [--kernel NAME] [CASE]...
#
# Cases are the files of bench/guard/parity; each says a tool, its words or its configuration, and
# the workloads. Some 30 s a machine, two for each workload; what has run is not run again
# (build/guard-bench/parity). Exit status 1 if somebody else died in one of them.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}/guard
kept=${OOMKIT_BENCH_RESULTS:-build/guard-bench}/parity
kernel=6.12 cases=()
while (($#)); do
  case $1 in
    --kernel) kernel=$2 && shift 2 ;;
    -*) echo "guard_parity: there is no option $1" >&2 && exit 2 ;;
    *) cases+=("bench/guard/parity/$1.case") && shift ;;
  esac
done
((${#cases[@]})) || cases=(bench/guard/parity/*.case)

OOMKIT_GUEST=$programs/guard_trial
export OOMKIT_GUEST
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$kept"
image=$(bash bench/guard/image.sh | tail -n 1)

# Sets `command` (the tool's words; none: as its unit says) and `import`, by what the case says.
words_of_case() {
  command=() import=()
  local in_machine=${config-}
  [[ $in_machine && $in_machine != /* ]] && in_machine=/opt/oom/$config
  case $tool in
    earlyoom) command=(/usr/bin/earlyoom "${arguments[@]}") import=(earlyoom "${arguments[@]}") ;;
    nohang)
      command=(/usr/bin/python3 /usr/sbin/nohang --monitor --config "$in_machine")
      import=(nohang "$in_machine")
      ;;
    oomd) command=(/usr/bin/oomd -C "$in_machine") import=(oomd "$in_machine") ;;
    systemd-oomd)
      # Its words are its unit's: what it is to do it is told by PID 1.
      import=(systemd-oomd "${units[@]/#//opt/oom/}")
      ;;
  esac
}

of_result() { sed -n "s/.*\"$2\":\"\\{0,1\\}\\([^,\"]*\\).*/\\1/p" "$1"; }  # FILE FIELD

differ=0
printf '%-20s %-11s %-32s %-32s\n' case workload tool guard
for file in "${cases[@]}"; do
  unset config arguments units
  # shellcheck disable=SC1090
  source "$file"
  name=$(basename "$file" .case)
  words_of_case
  payload=$work/$name
  mkdir -p "$payload"
  bash bench/guard/payload.sh "${OOMKIT_BENCH_OOM:-build/oom}" \
    "${OOMKIT_BENCH_GUARD:-build/oom-guard}" "$payload"
  ((${#command[@]})) && printf '%s\n' "${command[@]}" >"$payload/trial.command"
  printf '%s\n' "${import[@]}" >"$payload/trial.import"
  [[ ${config-} && $config != /* ]] && cp "bench/guard/parity/$config" "$payload/"
  for unit in "${units[@]-}"; do
    [[ $unit ]] && cp "bench/guard/parity/units/$unit" "$payload/"
  done
  for workload in "${workloads[@]}"; do
    who=() said=()
    for daemon in "$tool" guard; do
      result=$kept/$name.$workload.$daemon.$kernel
      nice "$programs/guard_compare" --image "$image" --payload "$payload" --results "$result" \
        --captures "$kept/captures.$name" --daemon "$daemon" --kernel "$kernel" \
        "bench/guard/workloads/$workload.toml" >"$work/log" 2>&1 || { cat "$work/log"; exit 3; }
      dead=$(of_result "$result" first_dead) by=''
      [[ $(of_result "$result" kernel_kills) == 0 ]] || by=', by the kernel'
      if [[ $dead == null ]]; then
        who+=(nobody) said+=(nobody)
      else
        who+=("$dead$by") said+=("$dead at $(of_result "$result" first_dead_ms) ms$by")
      fi
    done
    verdict=same
    if [[ ${who[0]} != "${who[1]}" ]]; then
      verdict=DIFFERENT
      differ=1
    fi
    printf '%-20s %-11s %-32s %-32s %s\n' "$name" "$workload" "${said[@]}" "$verdict"
  done
done
exit $differ
