#!/bin/bash
# What the machine is brought of ours: the two programs of the guard, and the policy.
#
#   payload.sh OOM OOM_GUARD FOLDER
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
strip -o "$3/oom" "$(readlink -f "$1")"
strip -o "$3/oom-guard" "$(readlink -f "$2")"
cp "$here/../../packaging/policies/server.toml" "$3/"
