#!/bin/bash
# Man pages and shell completions, made of what `oom --help` says.
#
#   make_reference.sh OOM_BINARY FOLDER
#
# The help is the one place where options are told; pages of their own would grow old. Leaves
# FOLDER/man1/*.1, FOLDER/completions/{oom,_oom,oom.fish} (bash, zsh, fish).
set -euo pipefail
oom=$1 out=$2
mkdir -p "$out/man1" "$out/completions"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version=$("$oom" --version)

# The help of a command as rows: COMMAND <tab> KIND <tab> NAMES <tab> VALUE <tab> TEXT, where KIND is
# about, positional, option, command or note (a line of what stands below the lists).
rows() {
  awk -v command="$1" '
    function flush() {
      if (kind != "") print command "\t" kind "\t" names "\t" value "\t" text
      kind = ""
    }
    NR == 1 && NF == 0 { next }
    !listed && /^Usage:/ { listed = 1; next }
    !listed { if (NF) print command "\tabout\t\t\t" $0; next }
    /^(Positionals|Options|Subcommands):$/ { flush(); section = tolower($0); next }
    section != "" && /^  [^ ]/ {
      flush()
      kind = section ~ /^pos/ ? "positional" : section ~ /^opt/ ? "option" : "command"
      line = substr($0, 3)
      gap = match(line, /   */)
      text = gap ? substr(line, RSTART + RLENGTH) : ""
      if (gap) line = substr(line, 1, RSTART - 1)
      space = index(line, " ")
      names = space ? substr(line, 1, space - 1) : line
      value = space ? substr(line, space + 1) : ""
      next
    }
    section != "" && kind != "" && /^   +[^ ]/ { sub(/^ +/, ""); text = text (text == "" ? "" : " ") $0; next }
    section != "" && NF == 0 { blank = 1; flush(); next }
    { flush(); section = ""; print command "\tnote\t\t\t" $0 }
    END { flush() }
  '
}

# A command and those below it.
describe() {
  local words=("$@") row
  "$oom" "${words[@]}" --help | rows "${words[*]}" >"$work/rows"
  cat "$work/rows" >>"$work/all"
  local below
  mapfile -t below < <(awk -F'\t' '$2 == "command" { print $3 }' "$work/rows")
  for row in "${below[@]}"; do describe "${words[@]}" "$row"; done
}
: >"$work/all"
describe

# --- man pages -----------------------------------------------------------------------

man_page() {  # command words, name of the page
  awk -F'\t' -v command="$1" -v page="$2" -v version="$version" '
    function roff(text) {
      gsub(/\\/, "\\(rs", text)
      gsub(/-/, "\\-", text)
      sub(/^[.\x27]/, "\\\\\\&&", text)
      return text
    }
    function verbatim(on) {
      if (on != inside) print on ? ".PP\n.nf\n.RS 2" : ".RE\n.fi"
      inside = on
    }
    $1 != command { next }
    $2 == "about" { about = about (about == "" ? "" : " ") $5 }
    $2 == "positional" { positionals[++positional_count] = $3 "\t" $4 "\t" $5 }
    $2 == "option" { options[++option_count] = $3 "\t" $4 "\t" $5 }
    $2 == "command" { commands[++command_count] = $3 "\t" $5 }
    $2 == "note" { notes[++note_count] = $5 }
    END {
      print ".TH " toupper(page) " 1 \"\" \"" version "\" \"oomkit\""
      print ".SH NAME\n" roff(page) " \\- " roff(about)
      print ".SH SYNOPSIS\n.B oom" (command == "" ? "" : " " roff(command))
      print "[\\fIOPTION\\fR]..."
      if (command_count) print "[\\fICOMMAND\\fR]"
      for (i = 1; i <= positional_count; ++i) {
        split(positionals[i], part, "\t")
        print "[\\fI" roff(part[1]) "\\fR]"
      }
      heading = ".SH DESCRIPTION"
      for (i = 1; i <= note_count; ++i) {
        line = notes[i]
        if (line ~ /^Examples?:/) { verbatim(0); print ".SH EXAMPLES"; heading = ""; continue }
        if (sub(/^Exit status: */, "", line)) { verbatim(0); print ".SH \"EXIT STATUS\""; heading = "" }
        if (line == "") { if (!inside && heading == "") print ".PP"; continue }
        if (heading != "") { print heading; heading = "" }
        verbatim(line ~ /^  /)
        sub(/^  /, "", line)
        print roff(line)
      }
      verbatim(0)
      if (command_count) print ".SH COMMANDS"
      for (i = 1; i <= command_count; ++i) {
        split(commands[i], part, "\t")
        print ".TP\n.B " roff(part[1]) "\n" roff(part[2])
      }
      if (positional_count + option_count) print ".SH OPTIONS"
      for (i = 1; i <= positional_count; ++i) {
        split(positionals[i], part, "\t")
        print ".TP\n.I " roff(part[1]) "\n" roff(part[3])
      }
      for (i = 1; i <= option_count; ++i) {
        split(options[i], part, "\t")
        gsub(/,/, ", ", part[1])
        print ".TP\n\\fB" roff(part[1]) "\\fR" (part[2] == "" ? "" : " \\fI" roff(part[2]) "\\fR")
        print roff(part[3])
      }
      print ".SH \"SEE ALSO\"\n.BR oom (1)"
    }
  ' "$work/all" >"$out/man1/$2.1"
}

while IFS= read -r command; do
  page="oom${command:+-${command// /-}}"
  man_page "$command" "$page"
done < <(cut -f1 "$work/all" | sort -u)

# --- completions ---------------------------------------------------------------------

# "COMMAND <tab> words": all options and commands below one.
words_of() {
  awk -F'\t' '
    $2 == "option" { gsub(/,/, " ", $3); words[$1] = words[$1] " " $3 }
    $2 == "command" { words[$1] = words[$1] " " $3 }
    { seen[$1] = 1 }
    END { for (command in seen) print command "\t" substr(words[command], 2) }
  ' "$work/all" | sort
}

{
  cat <<'TEXT'
# bash completion of oom; made of what its --help says.
_oom() {
  local word=${COMP_WORDS[COMP_CWORD]} path='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$path ${COMP_WORDS[i]}" in
TEXT
  cut -f1 "$work/all" | sort -u | awk 'NF { printf "      \" %s\") path=\" %s\" ;;\n", $0, $0 }'
  cat <<'TEXT'
    esac
  done
  case "$path" in
TEXT
  words_of | awk -F'\t' '{ printf "    \"%s\") words=\"%s\" ;;\n", ($1 == "" ? "" : " " $1), $2 }'
  cat <<'TEXT'
  esac
  if [[ $word == -* || -z $path ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(printf '%s\n' $words | grep -v '^-')" -- "$word"; compgen -f -- "$word")
  fi
}
complete -o filenames -F _oom oom
TEXT
} >"$out/completions/oom"

{
  cat <<'TEXT'
#compdef oom
# zsh completion of oom; made of what its --help says.
_oom() {
  local where='' i
  local -a choices
  for ((i = 2; i < CURRENT; ++i)); do
    case "$where ${words[i]}" in
TEXT
  cut -f1 "$work/all" | sort -u | awk 'NF { printf "      \" %s\") where=\" %s\" ;;\n", $0, $0 }'
  printf '    esac\n  done\n  case "$where" in\n'
  cut -f1 "$work/all" | sort -u | while IFS= read -r command; do
    printf '    "%s")\n      choices=(\n' "${command:+ $command}"
    awk -F'\t' -v command="$command" '
      $1 == command && ($2 == "option" || $2 == "command") {
        text = $5
        gsub(/\x27/, "\x27\\\x27\x27", text)
        count = split($3, names, ",")
        for (i = 1; i <= count; ++i) {
          name = names[i]
          gsub(/:/, "\\:", name)
          printf "        \x27%s:%s\x27\n", name, text
        }
      }
    ' "$work/all"
    printf '      ) ;;\n'
  done
  printf '  esac\n  _describe oom choices\n  _files\n}\n_oom "$@"\n'
} >"$out/completions/_oom"

{
  echo "# fish completion of oom; made of what its --help says."
  awk -F'\t' '
    function quoted(text) { gsub(/\\/, "\\\\", text); gsub(/\x27/, "\\\x27", text); return "\x27" text "\x27" }
    function place(command,   words, count, i, test) {
      if (command == "") return "__fish_use_subcommand"
      count = split(command, words, " ")
      for (i = 1; i <= count; ++i)
        test = test (i > 1 ? "; and " : "") "__fish_seen_subcommand_from " words[i]
      return test
    }
    $2 == "command" { print "complete -c oom -n " quoted(place($1)) " -a " $3 " -d " quoted($5) }
    $2 == "option" {
      line = "complete -c oom -n " quoted(place($1))
      count = split($3, names, ",")
      for (i = 1; i <= count; ++i) {
        if (names[i] ~ /^--/) line = line " -l " substr(names[i], 3)
        else line = line " -s " substr(names[i], 2)
      }
      print line ($4 == "" ? "" : " -r") " -d " quoted($5)
    }
  ' "$work/all"
} >"$out/completions/oom.fish"
