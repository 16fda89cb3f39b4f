#!/bin/bash
# What the documents tell people to type exists: each `./dev COMMAND`, each
# `oom COMMAND` and each of its --options, asked of the built tool itself.
#
#   readme_commands.sh SOURCE_FOLDER OOM_BINARY
source "$(dirname "$0")/common.sh" "$1"
oom=$2

# "line:words" of each command line with this first word, in code blocks and `spans`.
typed() {  # document, regex of the first word
  awk -v first="$2" '
    function emit(text) {
      sub(/^[ \t]*(\$|#)?[ \t]*/, "", text)
      sub(/[ \t]#.*/, "", text)
      while (match(text, "(^|[|;&] *|sudo )" first " [^|;&>]*")) {
        found = substr(text, RSTART, RLENGTH)
        sub(/^([|;&] *|sudo )/, "", found)
        print NR ":" found
        text = substr(text, RSTART + RLENGTH)
      }
    }
    /^```/ { code = !code; next }
    code || /^    / { emit($0); next }
    {
      rest = $0
      while (match(rest, /`[^`]+`/)) {
        span = substr(rest, RSTART + 1, RLENGTH - 2)
        rest = substr(rest, RSTART + RLENGTH)
        emit(span)  # Last: it matches too.
      }
    }' "$1"
}

dev_help=$(bash dev help; printf '  help\n')
declare -A helps
while IFS= read -r document; do
  while IFS=: read -r line words; do
    read -r _ command _ <<<"$words"
    grep -qE "^  $command( |$)" <<<"$dev_help" ||
      report "$document:$line" "./dev has no command $command"
  done < <(typed "$document" '[.]/dev')

  while IFS=: read -r line words; do
    read -r -a parts <<<"$words"
    command=${parts[1]}
    case $command in
      -*) command='' ;;
      *[!a-z-]*) continue ;;  # A placeholder such as COMMAND.
    esac
    if [[ ! -v helps[x$command] ]]; then
      helps[x$command]=$("$oom" ${command:+"$command"} --help 2>/dev/null) || helps[x$command]=none
    fi
    if [[ ${helps[x$command]} == none ]]; then
      report "$document:$line" "oom has no command $command"
      continue
    fi
    for part in "${parts[@]:1}"; do
      [[ $part == --[a-z]* ]] || continue
      option=${part%%[=,.\])]*}
      grep -qE -- "(^|[ ,])$option([ ,=[]|$)" <<<"${helps[x$command]}" ||
        report "$document:$line" "oom $command has no option $option"
    done
  done < <(typed "$document" '(build/)?oom')
done < <(project_files | grep -E '\.md$')
finish
