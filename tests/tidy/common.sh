# Shared by the checks: where the files are, and how a violation is told.
set -euo pipefail
cd "$1"

violations=0
report() {  # file:line, what is wrong
  printf '%s: %s\n' "$1" "$2"
  violations=$((violations + 1))
}
finish() {
  if ((violations)); then
    printf '%d violation(s)\n' "$violations"
    exit 1
  fi
  exit 0
}

# All files of the project, and not what is built or what git keeps.
project_files() {
  find . \( -name .git -o -path ./build -o -name .cache \) -prune -o -type f -print |
    sed 's|^\./||' | sort
}
# Sources below the folders given.
sources() {
  local folder
  for folder in "$@"; do
    [[ -d $folder ]] && find "$folder" \( -name '*.h' -o -name '*.cc' \) -type f
  done | sort
}
# A source without what is in comments and string literals, line numbers kept.
code_of() {
  sed -E -e 's/"(\\.|[^"\\])*"/""/g' -e "s/'(\\\\.|[^'\\\\])+'/''/g" -e 's|//.*$||' "$1"
}
