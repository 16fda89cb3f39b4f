#!/bin/bash
# Every source is built, every test is run, every header is included, every script is
# called by something, and nothing lies about at the top. A file that nothing names is dead, or a
# test that never runs.
source "$(dirname "$0")/common.sh" "$1"

lists=$(find . \( -name .git -o -path ./build \) -prune -o -name CMakeLists.txt -print)
stripped_lists() { cat "$@" 2>/dev/null | sed 's|#.*||' || true; }

while IFS= read -r file; do
  name=$(basename "$file")
  own=$(dirname "$file")/CMakeLists.txt
  case $file in
    *.h)
      grep -rqE --include='*.h' --include='*.cc' "^#include \"(.*/)?${name//./\\.}\"" src tests fuzz bench ||
        report "$file" "is included by nothing"
      ;;
    *_test.cc)
      if [[ ! -f $own ]] || ! stripped_lists "$own" | tr '\n' ' ' |
        grep -qE "oomkit_test\([^)]*[ /]${name//./\\.}[ )]"; then
        report "$file" "is a test that no oomkit_test of its folder lists: it never runs"
      fi
      ;;
    *)
      if [[ ! -f $own ]] || ! stripped_lists "$own" | grep -qE "(^|[^A-Za-z0-9_])${name//./\\.}([^A-Za-z0-9_]|$)"; then
        report "$file" "is in no list of its folder's CMakeLists.txt: it is never built"
      fi
      ;;
  esac
done < <(sources src tests fuzz bench)

while IFS= read -r list; do
  folder=$(dirname "${list#./}")
  # The top, and an outside project that a test builds.
  [[ $folder == . || $folder == tests/package/consumer ]] && continue
  parent=$(dirname "$folder")/CMakeLists.txt
  name=$(basename "$folder")
  if ! stripped_lists CMakeLists.txt "$parent" | tr '\n' ' ' |
    grep -qE "(add_subdirectory|foreach)\(([^)]*[ /])?$name[ )]"; then
    report "$folder/CMakeLists.txt" "is reached by no add_subdirectory"
  fi
done <<<"$lists"

while IFS= read -r script; do
  name=$(basename "$script")
  case $script in tests/tidy/check_*.sh | bench/*_bench.sh) continue ;; esac
  # A CMake module is included by its name alone.
  grep -rqF --include=CMakeLists.txt --include='*.sh' --include='*.cmake' --include=dev --include=run \
    --include='*.md' --exclude="$name" --exclude-dir=build --exclude-dir=.git "${name%.cmake}" . ||
    report "$script" "is called by nothing"
done < <(project_files | grep -E '\.(sh|cmake|py)$')

# At the top only what tools look for there by name, and the one script.
while IFS= read -r file; do
  case ${file#./} in
    */* | README.md | dev | CMakeLists.txt | CMakePresets.json | .clang-format | .clang-tidy | .gitignore) ;;
    *) report "$file" "does not belong at the top" ;;
  esac
done < <(project_files)

for check in tests/tidy/check_*.sh; do
  name=$(basename "$check" .sh)
  stripped_lists tests/tidy/CMakeLists.txt | grep -qE "(^|[^a-z_])${name#check_}([^a-z_]|$)" ||
    report "$check" "is a check that tests/tidy/CMakeLists.txt does not run"
done
finish
