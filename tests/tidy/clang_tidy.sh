#!/bin/bash
# clang-tidy over every source of src/, as many at once as there are processors.
#
#   clang_tidy.sh SOURCE_FOLDER [ROOM...]
#
# Most of its time goes into the headers of the standard library, which it walks through anew
# for each source. So many sources of a room go through it as one, which takes a fifth of
# the time; that they can be one is a rule of the build (OOMKIT_UNITY). Where it finds
# something in such a batch, it looks at each source alone: what that says is the verdict.
source "$(dirname "$0")/common.sh" "$1"
rooms=("${@:2}")
readonly batch_size=24

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The commands alone, one a source; nothing is built.
build=$work/commands
cmake --preset asan -B "$build" -DOOMKIT_UNITY=0 -DOOMKIT_PCH=OFF >"$build.log" 2>&1 || {
  cat "$build.log"
  exit 1
}

# The analyzer looks into each function alone, which takes a twentieth of the time: what happens
# across calls is for the sanitizers and the fuzzers.
tidy() {  # FOLDER_OF_COMMANDS SOURCE
  local option options=()
  for option in mode=shallow ipa=none; do
    options+=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg="$option")
  done
  clang-tidy --quiet -p "$1" "${options[@]}" "$2" 2>&1
}

# A mistake in .clang-tidy would let everything pass.
if clang-tidy --dump-config 2>&1 >/dev/null | grep .; then exit 1; fi

# as_one NAME SOURCE...: NAME.cc in a folder of its own, compiled as the first of them is.
as_one() {
  local folder=$work/$1 first=$PWD/$2 source
  mkdir -p "$folder"
  cp .clang-tidy "$folder"
  for source in "${@:2}"; do
    printf '#line 1 "%s"\n' "$source"
    cat "$source"
  done >"$folder/batch.cc"
  { echo '['
    grep -F -B 3 "\"file\": \"$first\"" "$build/compile_commands.json" |
      sed "s|$first|$folder/batch.cc|g; s|\(\"file\": .*\),\$|\1|"
    echo '}]'
  } >"$folder/compile_commands.json"
}

lint() {  # NAME SOURCE...
  local name=$1 source status=0
  shift
  if (($# > 1)); then
    as_one "$name" "$@"
    if tidy "$work/$name" "$work/$name/batch.cc" >/dev/null; then return 0; fi
  fi
  for source in "$@"; do
    tidy "$build" "$source" >"$work/$name.said" || { status=1; cat "$work/$name.said"; }
  done
  return $status
}

# Tests are left out: GoogleTest's macros cost minutes and find nothing of ours.
jobs_of_room() {  # ROOM: one line for each batch, its name and its sources
  sources "src/$1" | grep -E '\.cc$' | grep -vE '_(test|bench|fuzz)\.cc$' |
    xargs -n "$batch_size" | awk -v room="$1" '{ print room NR, $0 }'
}

if ((${#rooms[@]} == 0)); then
  for room in src/*/; do rooms+=("$(basename "$room")"); done
fi
while read -r -a job; do
  while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n || true; done
  lint "${job[@]}" >"$work/${job[0]}.log" 2>&1 || touch "$work/${job[0]}.failed" &
done < <(for room in "${rooms[@]}"; do jobs_of_room "$room"; done)
wait

if compgen -G "$work/*.failed" >/dev/null; then
  # A header's finding comes once for each source that includes it.
  cat "$work"/*.log | grep -E '(warning|error): ' | sort -u || cat "$work"/*.log
  exit 1
fi
