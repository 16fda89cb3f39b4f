#!/bin/bash
# Every relative link of a document leads to a file, and to a heading if it names one.
source "$(dirname "$0")/common.sh" "$1"

anchors_of() {  # The names that headings get: lower case, punctuation gone, blanks dashes.
  awk '/^```/ { code = !code } !code && /^#+ / { sub(/^#+ +/, ""); print tolower($0) }' "$1" |
    sed -E -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

while IFS= read -r document; do
  while IFS=: read -r line target; do
    case $target in *://* | mailto:*) continue ;; esac
    path=${target%%#*}
    file=$document
    if [[ -n $path ]]; then file=$(dirname "$document")/$path; fi
    if [[ ! -e $file ]]; then
      report "$document:$line" "links to $target, which is not there"
    elif [[ $target == *'#'* && $file == *.md ]] && ! anchors_of "$file" | grep -qxF -- "${target#*#}"; then
      report "$document:$line" "links to $target, and $file has no such heading"
    fi
  done < <(awk '
    /^```/ { code = !code }
    !code {
      rest = $0
      gsub(/`[^`]*`/, "", rest)
      while (match(rest, /\]\([^) ]+/)) {
        print NR ":" substr(rest, RSTART + 2, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
      }
    }' "$document")
done < <(project_files | grep -E '\.md$')
finish
