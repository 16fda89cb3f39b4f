#!/bin/bash
# A name in a namespace is one type in the whole program. Two headers with a type of one name
# compile, and link, and one of the two then works with the other's members: no compiler says so.
source "$(dirname "$0")/common.sh" "$1"

# "NAMESPACE::NAME FILE:LINE" of each type that a header defines at the level of a namespace, where
# the format has it at the line's begin.
types_of() {
  local file
  while IFS= read -r file; do
    [[ $file == *.h ]] || continue
    code_of "$file" | awk -v file="$file" '
      /^namespace [A-Za-z_0-9:]+ \{/ { scope = $2 }
      /^(template .*> )?(class|struct|union|enum|enum class) [A-Za-z_0-9]+[^;]*\{/ {
        sub(/^template .*> /, "")
        name = $1 == "enum" && $2 == "class" ? $3 : $2
        print scope "::" name, file ":" NR
      }'
  done < <(sources src)
}

declare -A first
while read -r name place; do
  if [[ ${first[$name]-} ]]; then
    report "$place" "$name is a type of ${first[$name]} already"
  else
    first[$name]=$place
  fi
done < <(types_of)
finish
