#!/bin/bash
# The logs of examples/ are what make_examples writes: check_examples.sh PROGRAM EXAMPLES
set -euo pipefail
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$1" "$fresh"
for log in "$fresh"/*.log; do
  cmp "$log" "$2/$(basename "$log")" || {
    printf 'renew it with: %s %s\n' "$1" "$2" >&2
    exit 1
  }
done
