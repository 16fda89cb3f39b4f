#!/bin/bash
# The live screen in a real terminal: at 80x24, at 200x50, resized, with a captured host and
# with this one. Usage: screen_test.sh OOM CAPTURED_HOST. Exit status 77 is "skipped".
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
screen new-session -d -s held 'sleep 600'

failed=0
# shows WORDS: within ten seconds they are on the screen.
shows() {
  local i
  for ((i = 0; i < 100; i++)); do
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

begin 80 24
shows 'next to die'
shows 'RANK'
end
exit $failed
