#!/bin/bash
# The live screen in a real terminal: at 80x24, at 200x50, resized, with a captured host, with
# one of 5,000 processes, with one of none, and with this one. Usage: screen_test.sh OOM CAPTURED_HOST. Exit status 77 is "skipped".
set -euo pipefail
oom=$1 captured=$2

if ! command -v tmux >/dev/null; then
  printf 'skipped: tmux, which gives the test its terminal, is not installed\n'
  exit 77
fi
folder=$(mktemp -d)
export TMUX_TMPDIR=$folder
unset TMUX
screen() { tmux -f /dev/null -L oomkit-top "$@"; }
trap 'screen kill-server 2>/dev/null || true; rm -rf "$folder"' EXIT
# A server ends with its last session, and whoever begins the next one in that moment is
# turned away: this session keeps it alive between those of the test.
screen new-session -d -s held 'sleep 3600'

failed=0
# shows WORDS: within a minute, on a machine of others' too, they are on the screen.
shows() {
  local i
  for ((i = 0; i < 600; i++)); do
    screen capture-pane -p -t =seen: >"$folder/shown"
    if grep -qF -- "$1" "$folder/shown"; then return 0; fi
    sleep 0.1
  done
  printf 'expected on the screen: %s\n' "$1"
  cat "$folder/shown"
  failed=1
}
keys() { screen send-keys -t =seen: "$@"; }
begin() {  # COLUMNS ROWS ARGUMENTS...
  local columns=$1 rows=$2
  shift 2
  screen new-session -d -s seen -x "$columns" -y "$rows" "TERM=screen '$oom' top $*; echo ended with \$?; sleep 60"
}
end() {
  keys q
  shows 'ended with 0'
  screen kill-session -t =seen
}

begin 80 24 --root "'$captured'"
shows 'next to die, as a group: java (4410)'
shows '2211 mysqld'
keys Down Down Enter
shows 'in the host it is number 3'
keys m
shows 'no smaps_rollup'  # Nor has the capture one of that process.
keys Escape
shows 'RANK'
keys / n g i n x Enter
shows 'filter: nginx'
keys Escape t
shows 'would kill postgres (4502)'
keys t s
shows 'sort: rss'
keys Space
shows 'FROZEN'
screen resize-window -t =seen: -x 200 -y 50
shows '/kubepods/burstable/pod3f9c/c71e'
screen resize-window -t =seen: -x 20 -y 5
shows 'q quit'
end

begin 200 50 --root "'$captured'"
shows '/system.slice/systemd-journald.service'
end

# A host of so many processes as a captured tree in one file: process N has N KiB.
make_host() {  # PROCESSES
  awk -v processes="$1" '
    function put(path, content) { printf "@ %s %d\n%s\n", path, length(content), content }
    BEGIN {
      print "oomkit tree 1"
      put("proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 1048576 kB\nSwapTotal: 0 kB\n")
      put("proc/sys/kernel/osrelease", "6.12.1\n")
      put("proc/zoneinfo", "Node 0, zone   Normal\n  pages free     262144\n" \
        "        min      100\n        low      125\n        high     150\n" \
        "        present  1048576\n        managed  1048576\n        protection: (0, 0)\n")
      for (i = 1; i <= processes; i++) {
        pid = 1000 + i
        put("proc/" pid "/status", sprintf("Name:\ttask-%d\nState:\tS (sleeping)\nTgid:\t%d\n" \
          "PPid:\t1\nUid:\t0\t0\t0\t0\nVmSize:\t%d kB\nVmRSS:\t%d kB\nRssAnon:\t%d kB\n" \
          "RssFile:\t0 kB\nRssShmem:\t0 kB\nVmPTE:\t0 kB\nVmSwap:\t0 kB\nThreads:\t1\n",
          i, pid, i, i, i))
        put("proc/" pid "/oom_score_adj", "0\n")
        put("proc/" pid "/oom_score", int((1000 + int(int(i / 4) * 1000 / 1048576)) * 2 / 3) "\n")
        put("proc/" pid "/stat", pid " (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " i " 0 0\n")
      }
    }'
}

make_host 5000 >"$folder/many"
begin 80 24 --root "'$folder/many'"
shows 'task-5000'
keys End
shows 'task-4 '  # Smaller ones have no page.
screen resize-window -t =seen: -x 200 -y 50
shows 'task-40 '
keys Home
shows 'task-4970'
keys / t a s k - 4 2 4 2 Enter
shows 'filter: task-4242'
screen resize-window -t =seen: -x 80 -y 24
shows 'task-4242 '
end

make_host 0 >"$folder/none"
begin 80 24 --root "'$folder/none'"
shows 'RANK'
keys Down Enter Escape End
screen resize-window -t =seen: -x 200 -y 50
shows 'q quit'
end

begin 80 24
shows 'next to die'
shows 'RANK'
end
exit $failed
