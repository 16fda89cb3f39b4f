#!/bin/bash
# A source of more than 600 lines holds more than one thing: it is split by noun.
# (Functions over 70 lines are clang-tidy's to find.)
source "$(dirname "$0")/common.sh" "$1"

while IFS= read -r file; do
  lines=$(wc -l <"$file")
  if ((lines > 600)); then report "$file" "has $lines lines; 600 is the limit"; fi
done < <(sources src tests fuzz bench; find dev .ci tests bench cmake -name '*.sh' -o -name '*.cmake' -o -name dev)
finish
