#!/bin/bash
# The project says nothing of the machine that it was written or built on: no path of
# one, and no host that packages are fetched from (apt knows its own).
source "$(dirname "$0")/common.sh" "$1"

# Put together from parts so that this file does not find itself.
homes='home|Users|work|workspace|builds|root|tmp'
places="(^|[^A-Za-z0-9_}.~*)/>-])/($homes)/[A-Za-z0-9_.-]+"
hosts="(deb|security|snapshot|ftp|archive)[.](debian|ubuntu)[.](org|com)|pypi[.]org|pythonhosted[.]org"
hosts+="|npmjs[.](org|com)|crates[.]io|proxy[.]golang[.]org|conan[.]io|vcpkg[.]io|dl-cdn[.]|docker[.]io|ghcr[.]io"
here=$(printf '%s/' "$PWD" | sed 's/[][\.*^$+?(){}|]/\\&/g')

# The people of examples, as in handbooks.
nobody='/home/(alice|bob|carol)([^A-Za-z0-9]|$)'

# Logs and trees captured from kernels may hold any path.
while IFS= read -r file; do
  while IFS=: read -r line text; do
    report "$file:$line" "names a place of some machine: ${text:0:120}"
  done < <(grep -InE "$places|$here" "$file" | grep -vE "$nobody" || true)
  while IFS=: read -r line text; do
    report "$file:$line" "names a package host: ${text:0:120}"
  done < <(grep -InE "$hosts" "$file" || true)
done < <(project_files | grep -vE '^(fixtures|fuzz/corpus|tests/[a-z]+/(golden|data))/')
finish
