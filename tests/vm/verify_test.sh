#!/bin/bash
# `oom top --verify` on each kernel, over more than 300 processes of all kinds: every score is
# that of /proc/PID/oom_score. And CommitLimit, MemAvailable and the levels of each zone, which
# are computed from settings, are those of /proc to the page, at ten different settings.
#
#   verify_test.sh OOM VERIFY_GUEST KERNEL...
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/machine.sh"
oom=$1 guest=$2
shift 2
need_machines "$@"

new_root
add_program "$oom" "$guest"
mv "$root/bin/${guest##*/}" "$root/init"
for kernel in "$@"; do
  boot "$kernel" 768 "oomkit.seed=${OOMKIT_SEED:-1}"
  judge "$kernel"
  grep -E '^(SCORES|KINDS|DIFFERS|verified)' "$said" || true
done
exit $bad
