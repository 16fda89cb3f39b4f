#!/bin/bash
# The shipped hooks: the notice reaches the bus or the desktop as it is, and snapshots are whole, named
# after their rule, and no more than twenty.
#
#   hooks_test.sh OOM_BINARY HOOKS_FOLDER
set -euo pipefail
oom=$1 hooks=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
is() {  # WHAT HAS WANTED
  if [[ $2 != "$3" ]]; then
    printf '%s: %q instead of %q\n' "$1" "$2" "$3"
    failures=$((failures + 1))
  fi
}

mkdir -p "$work/prefix/bin" "$work/prefix/lib/oomkit/hooks" "$work/fakes"
cp "$hooks"/* "$work/prefix/lib/oomkit/hooks/"
ln -s "$oom" "$work/prefix/bin/oom"
for program in busctl notify-send; do
  printf '#!/bin/sh\nfor word in "$0" "$@"; do printf "<%%s>" "$word"; done >%s\n' "$work/said" \
    >"$work/fakes/$program"
  chmod +x "$work/fakes/$program"
done
notify() {  # UID: who calls it.
  printf '#!/bin/sh\necho %s\n' "$1" >"$work/fakes/id"
  chmod +x "$work/fakes/id"
  PATH=$work/fakes:$PATH "$work/prefix/lib/oomkit/hooks/notify" 'Memory ran short' 'rule a: b; $(c) "d"'
  cat "$work/said"
}
is "root's notice" "$(notify 0)" "<$work/fakes/busctl><--system><emit>"\
"</net/nuetzlich/SystemNotifications><net.nuetzlich.SystemNotifications><Notify><ss>"\
'<Memory ran short><rule a: b; $(c) "d">'
is "a user's notice" "$(notify 1000)" "<$work/fakes/notify-send><--urgency=critical>"\
'<--app-name=oom guard><Memory ran short><rule a: b; $(c) "d">'

folder=$work/state/snapshots
mkdir -p "$folder"
for ((old = 10; old < 35; ++old)); do echo '{}' >"$folder/20200101T0000${old}Z-old.json"; done
STATE_DIRECTORY=$work/state OOM_RULE='nearly/full now' "$work/prefix/lib/oomkit/hooks/snapshot"
is "snapshots kept" "$(find "$folder" -name '*.json' | wc -l)" 20
newest=$(find "$folder" -name '*.json' | sort | tail -n 1)
is "its rule" "${newest##*Z-}" nearly_full_now.json
is "the oldest that stays" "$(find "$folder" -name '*.json' | sort | sed -n 1p)" \
  "$folder/20200101T000016Z-old.json"
grep -q '"schema":"oomkit.snapshot/1"' "$newest" || is "the snapshot" "$(head -c 60 "$newest")" whole
is "what is read of it" "$("$oom" top --once --from "$newest" -n 1 >/dev/null && echo good)" good
exit $((failures > 0))
