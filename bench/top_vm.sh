#!/bin/bash
# Naming the host's next victim, against the scan of earlyoom (its Debian package), in a virtual
# machine of its own with so many processes: earlyoom has to believe that memory is low, and
# that belongs in none that others use.
#
#   top_vm.sh OOM PROGRAMS PROCESSES ROUNDS
#
# Both are scans in a process that runs already, in its processor time: one look of earlyoom, and
# one of the live screen of `oom top`. What a first look takes, and the whole command from exec to
# exit, is told beside that. Exit status 1 if ours takes more than half, or more than 16 MiB with
# what its open files hold in the kernel; 77 if this cannot be done here.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/../tests/vm/machine.sh"
need_machines 6.1
new_root
(cd "$work" && apt-get download -qq earlyoom >/dev/null 2>&1) ||
  skip "apt-get has no earlyoom to download"
dpkg-deb -x "$work"/earlyoom_*.deb "$work/earlyoom"
cp "$here/top_vm.init" "$root/init"
chmod 755 "$root/init"
add_program "$1" "$2"/{make_processes,measure,top_scan} "$work/earlyoom/usr/bin/earlyoom"
cp -L "$(command -v dash)" "$root/bin/sh"
for program in cat cut grep mkfifo mount sed sleep tail tr; do add_program "$(type -P "$program")"; done
boot 6.1 1700 "processes=$3 rounds=$4"
theirs=$(sed -n 's/^EARLYOOM \([0-9]*\) ns.*/\1/p' "$said")
scan=$(sed -n 's/^SCAN \([0-9].*\)/\1/p' "$said")
ours=$(sed -n 's/^OURS \([0-9].*\)/\1/p' "$said")
victims=$(grep -c 'make_processes' <<<"$scan" || true)
if [[ -z $theirs || -z $ours || $victims != 1 ]]; then
  cat "$said"
  exit 1
fi
# In $ours: the four numbers of `measure` for the whole command, then those for its start alone.
awk -v theirs="$theirs" -v scan="$scan" -v ours="$ours" -v processes="$3" '
function row(what, seconds, verdict) {
  printf "%-36s %8.4f s %7.3f  %s\n", what, seconds, seconds / theirs, verdict
}
function judged(value, target) { if (value > target) missed = 1; return value > target ? "MISSED" : "ok" }
BEGIN {
  theirs /= 1e9
  split(scan, scans, " ")
  split(ours, commands, " ")
  printf "in a virtual machine with %d processes:\n", processes
  row("one scan of earlyoom", theirs, "")
  row("one scan of oom top", scans[3] / 1e9, judged(scans[3] / 1e9 / theirs, 0.5) " (<= 0.5)")
  row("  its first", scans[1] / 1e9, "")
  row("oom top --once --scope host -n 1", commands[1], "")
  row("  its start alone: oom --version", commands[5], "")
  memory = (scans[4] + scans[5]) / 1024
  printf "%-36s %8.1f MiB %s (<= 16), %.1f of it for open files in the kernel\n",
    "memory of the scans", memory, judged(memory, 16), scans[5] / 1024
  exit missed
}'
