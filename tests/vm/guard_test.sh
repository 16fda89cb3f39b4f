#!/bin/bash
# The guard's promise on a real kernel, with the policy that is shipped: whoever makes memory short
# dies, though a database beside it is larger, before the kernel has to choose, and nobody else; also
# where pids are given again all the time (guard/vanish.toml). A dry run names the same victim for the
# same reason and signals nobody, so that the kernel has to choose.
# Workloads, machine and judgement are those of ./dev bench guard; all is in memory.
#
#   guard_test.sh OOM OOM_GUARD GUARD_TRIAL GUARD_COMPARE
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/machine.sh"
need_machines 6.12
bench=$here/../../bench/guard

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/payload"
bash "$bench/payload.sh" "$1" "$2" "$work/payload"
{ ldd "$1" | grep -o '/[^ ]*' || true; } | xargs -I{} cp -L {} "$work/payload/"

export OOMKIT_GUEST=$3 OOMKIT_KERNELS=$kernels
compare() {
  "$compare" --payload "$work/payload" --results "$work/results" --captures "$work/captures" \
    --kernel 6.12 "$@"
}
fail() {
  cat "$work"/captures/* "$work/results"
  echo "guard_test: $1" >&2
  exit 1
}

compare=$4
compare --daemon guard "$bench"/workloads/{leak,small-leak}.toml "$here/guard/vanish.toml"
[[ $(grep -c '"kernel_kills":0,.*"right":true' "$work/results") == 3 ]] ||
  fail "not everywhere the right one died"

# All that it needs for a kill is in memory from its start on: page faults may wait for memory.
faults() {
  grep -E "^$2\.killer_(minor|major)_faults" "$work/captures/$1.guard.6.12" | cut -d. -f2
}
for workload in leak small-leak vanish; do
  before=$(faults $workload before)
  [[ $(wc -l <<<"$before") == 2 ]] || fail "faults were not counted"
  diff <(echo "$before") <(faults $workload after) || fail "page faults in a kill ($workload)"
done

compare --daemon guard-dry "$bench/workloads/leak.toml"
grep '"daemon":"guard-dry"' "$work/results" | grep -q '"daemon_lives":true,.*"kernel_kills":1,' ||
  fail "a dry run kept the kernel from choosing"
# The rule, its conditions, the victim and all candidates in their order; numbers are of two
# machines, pids too: the kernel's own threads take some.
first_decision() {
  grep -m 1 '"schema":"oomkit.decision/1"' "$work/captures/leak.$1.6.12" |
    sed 's|/guard-dry.service|/guard.service|g' | grep -Eo '"(rule|expr|kind|comm|cgroup|in_cgroup|excluded)":("[^"]*"|[0-9]+|null)'
}
! grep -q 'the helper' "$work"/captures/* || fail "a helper hung, or came to an end"
diff <(first_decision guard) <(first_decision guard-dry) || fail "a dry run decided otherwise"
grep -q '"do":"kill","result":"dry run"' "$work/captures/leak.guard-dry.6.12" ||
  fail "a dry run did not say what it would have done"

# A stall wakes it within 0.2 s, however seldom it looks.
env -u OOMKIT_GUEST "$1" rehearse "$here/guard/stall.toml" --kernel 6.12 --explain none \
  --policy "$here/guard/stall.policy.toml" --decisions "$work/stall.jsonl" \
  --record "$work/stall.json" --log "$work/stall.log" >"$work/stall.out" ||
  fail "the stall could not be rehearsed"
begun=$(sed -n 's/^[^[]*\[ *\([0-9.]*\)\].*scenario begins.*/\1/p' "$work/stall.log")
marked=$(grep -o '"t_ms":[0-9]*,"kind":"mark"' "$work/stall.json" | grep -o '[0-9]\+')
decided=$(grep -m 1 -o '"uptime_s":[0-9.]*' "$work/stall.jsonl" | cut -d: -f2)
awk -v begun="$begun" -v marked="$marked" -v decided="$decided" 'BEGIN {
  late = decided - begun - marked / 1000
  printf "a stall was seen after %.3f s\n", late
  exit !(late > 0 && late <= 0.2) }' || fail "a stall was not seen within 0.2 s"
