#!/bin/bash
# clang-tidy over every source of src/, as many at once as there are processors.
#
#   clang_tidy.sh SOURCE_FOLDER BUILD_FOLDER   (whose compile_commands.json is clang's)
source "$(dirname "$0")/common.sh" "$1"
build=$2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Tests are left out: GoogleTest's macros cost minutes and find nothing of ours. The
# analyzer looks into each function alone ("shallow"), which halves the run: what happens
# across calls is for the sanitizers and the fuzzers.
shallow=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=mode=shallow)
if ! sources src | grep -E '\.cc$' | grep -vE '_(test|bench|fuzz)\.cc$' |
  xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build" "${shallow[@]}" >"$log" 2>&1; then
  # A header's finding comes once for each source that includes it.
  grep -E '(warning|error): ' "$log" | sort -u || cat "$log"
  exit 1
fi
