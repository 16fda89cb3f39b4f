#!/bin/bash
# Guards against workloads in virtual machines: what each daemon does when memory runs out.
#
#   ./dev bench guard [--daemon NAME]... [--kernel NAME]... [--results FILE] [WORKLOAD]...
#   ./dev bench guard --parity [--kernel NAME] [CASE]...      imported configurations (guard_parity.sh)
#
# Daemons: guard (with the shipped server policy), earlyoom, nohang, oomd, systemd-oomd (Debian's
# packages, in one image that tools/make_image.sh makes) and none. Kernels: 6.12 and 7.2.
# Workloads: the files of bench/guard/workloads, by name; all of everything where none is named,
# which takes hours. One machine at a time, some 30 s each; results are kept as lines of JSON, and
# what is there already is not run again. docs/GUARD.md says what the columns mean.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

if [[ ${1-} == --smoke ]]; then
  echo 'guard_bench: left out of the smoke run; the test vm_guard_test has two of its workloads'
  exit 0
fi

if [[ ${1-} == --parity ]]; then exec bash bench/guard_parity.sh "${@:2}"; fi

programs=${OOMKIT_BENCH_PROGRAMS:-build/release/bench}/guard
results=build/guard-bench/results.jsonl
options=() daemons=() kernels=() workloads=()
while (($#)); do
  case $1 in
    --daemon) daemons+=(--daemon "$2") && shift 2 ;;
    --kernel) kernels+=(--kernel "$2") && shift 2 ;;
    --results) results=$2 && shift 2 ;;
    -*) echo "guard_bench: there is no option $1" >&2 && exit 2 ;;
    *) workloads+=("bench/guard/workloads/$1.toml") && shift ;;
  esac
done
((${#daemons[@]})) || for name in guard earlyoom nohang oomd systemd-oomd none; do
  daemons+=(--daemon "$name")
done
((${#kernels[@]})) || kernels=(--kernel 6.12 --kernel 7.2)
((${#workloads[@]})) || workloads=(bench/guard/workloads/*.toml)

mkdir -p "$(dirname "$results")"
OOMKIT_GUEST=$programs/guard_trial
export OOMKIT_GUEST
payload=$(mktemp -d)
trap 'rm -rf "$payload"' EXIT
bash bench/guard/payload.sh "${OOMKIT_BENCH_OOM:-build/oom}" "${OOMKIT_BENCH_GUARD:-build/oom-guard}" "$payload"
image=$(bash bench/guard/image.sh | tail -n 1)
nice "$programs/guard_compare" --image "$image" --payload "$payload" --results "$results" \
  --captures "$(dirname "$results")/captures" "${daemons[@]}" "${kernels[@]}" "${workloads[@]}"
echo "results: $results"
