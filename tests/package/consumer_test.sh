#!/bin/bash
# Installs what is built below a temporary folder, configures an outside project against
# it with find_package(oomkit), builds that and runs it and the installed tool.
#
#   consumer_test.sh CONSUMER_FOLDER BUILD_FOLDER CMAKE CXX
set -euo pipefail
consumer=$1 build=$2 cmake=$3 cxx=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$cmake" --install "$build" --prefix "$work/prefix" >"$work/install.log"
"$cmake" -S "$consumer" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log"
"$cmake" --build "$work/build"
"$work/build/count_kills"
"$work/prefix/bin/oom" --version

# Every header stands alone where it is installed: nothing includes what stayed behind.
cd "$work/prefix/include/oomkit"
while IFS= read -r header; do
  printf '#include "%s"\n' "${header#./}"
done < <(find . -name '*.h' | sort) >"$work/all.cc"
"$cxx" -std=c++20 -fsyntax-only -I . "$work/all.cc"
