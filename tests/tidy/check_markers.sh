#!/bin/bash
# Nothing is left for later in the source, and no test is switched off.
# The words are put together here so that this file does not find itself.
source "$(dirname "$0")/common.sh" "$1"

words="TO""DO|FIX""ME|XX""X|HA""CK|TB""D"
while IFS= read -r file; do
  while IFS=: read -r line text; do
    report "$file:$line" "leftover: ${text#"${text%%[![:space:]]*}"}"
  done < <(grep -InE "(^|[^A-Za-z0-9_])($words)([^A-Za-z0-9_]|$)|DIS""ABLED_[A-Z]" "$file" || true)
done < <(project_files | grep -vE '^(fixtures|fuzz/corpus)/')

# Code that is commented out: a comment line that ends as only statements do.
while IFS= read -r file; do
  while IFS=: read -r line text; do
    report "$file:$line" "code in a comment: ${text#"${text%%[![:space:]]*}"}"
  done < <(grep -nE '^[[:space:]]*//[[:space:]]*([A-Za-z_:]+[[:space:]]+)?[A-Za-z_:.>()-]+ ?(=|\().*;[[:space:]]*$|^[[:space:]]*#if 0' "$file" || true)
done < <(sources src tests fuzz bench)
finish
