#!/bin/bash
# Every command and every option that --help tells is in the man pages and in the completions of
# each shell, and these are what their readers take.
#
#   reference_test.sh OOM_BINARY REFERENCE_FOLDER
set -euo pipefail
oom=$1 reference=$2
failures=0
fail() {
  echo "$*"
  failures=$((failures + 1))
}

# A help's options and commands, read in another way than the generator does.
listed() { sed -nE "/^$1:\$/,/^\$/s/^  ([^ ]+).*/\1/p" | tr , '\n'; }

checked=0
check() {
  local words=("$@") page="$reference/man1/oom" help name word
  for word in "${words[@]}"; do page+="-$word"; done
  page+=.1
  help=$("$oom" "${words[@]}" --help)
  [[ -f $page ]] || { fail "oom ${words[*]}: no page $page"; return; }
  while IFS= read -r name; do
    checked=$((checked + 1))
    grep -qF -- "${name//-/\\-}" "$page" || fail "$page does not tell of $name"
    grep -F "\"${words[*]:+ ${words[*]}}\") words=" "$reference/completions/oom" |
      grep -qE -- "[\" ]$name[\" ]" || fail "bash: oom ${words[*]} does not complete $name"
    grep -qF -- "'$name:" "$reference/completions/_oom" || fail "zsh: $name is missing"
    case $name in
      --*) grep -qE -- " -l ${name#--}( |\$)" "$reference/completions/oom.fish" ;;
      -*) grep -qE -- " -s ${name#-}( |\$)" "$reference/completions/oom.fish" ;;
      *) grep -qE -- " -a $name( |\$)" "$reference/completions/oom.fish" ;;
    esac || fail "fish: $name is missing"
  done < <(listed Options <<<"$help"; listed Subcommands <<<"$help")
  while IFS= read -r name; do check "${words[@]}" "$name"; done < <(listed Subcommands <<<"$help")
}
check
((checked > 60)) || fail "only $checked names were found in the help"

bash -n "$reference/completions/oom" || fail "bash does not read its completion"
if command -v zsh >/dev/null; then zsh -n "$reference/completions/_oom" || fail "zsh does not read it"; fi
if command -v fish >/dev/null; then fish -n "$reference/completions/oom.fish" || fail "fish does not read it"; fi
if command -v groff >/dev/null; then
  for page in "$reference"/man1/*.1; do
    said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
    [[ -z $said ]] || fail "$said"
  done
fi

# What a user who types gets.
source "$reference/completions/oom"
typed() {  # wanted, words
  local wanted=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _oom
  [[ "${COMPREPLY[*]}" == "$wanted" ]] || fail "after \"$*\" bash offers \"${COMPREPLY[*]}\""
}
typed guard oom gua
typed --check oom guard --ch
typed import oom guard impor
typed --version oom --v

if ((failures)); then exit 1; fi
echo "$checked names, each in the man pages and three completions"
