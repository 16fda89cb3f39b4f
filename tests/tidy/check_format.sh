#!/bin/bash
# All sources are in the project's format; `./dev format` puts them there.
source "$(dirname "$0")/common.sh" "$1"

while IFS= read -r line; do
  [[ $line == *'error: code should be clang-formatted'* ]] || continue
  report "${line%%: error:*}" "is not in the project's format; run ./dev format"
done < <(sources src tests fuzz bench | xargs -r clang-format --dry-run --Werror --ferror-limit=1 2>&1)
finish
