#!/bin/bash
# Turns what a ctest run left behind into one line a test: verdict, preset, name and
# reason, separated by tabs. GoogleTest's programs write one XML file each and count by
# case; everything else counts as ctest sees it. A program that dies leaves no file (or
# one without the failure): then ctest's word stands, so nothing failed gets lost.
#
#   verdicts.sh PRESET FOLDER     (FOLDER holds ctest.junit and PROGRAM.xml files)
set -euo pipefail
preset=$1
folder=$2

unescape='function text(s) {
  gsub(/&#x0A;|&#xA;|\n|\t/, " ", s); gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s)
  gsub(/&quot;/, "\"", s); gsub(/&apos;/, "\047", s); gsub(/&amp;/, "\\&", s)
  return s
}
function attribute(name,   at, s) {
  at = index($0, " " name "=\"")
  if (!at) return ""
  s = substr($0, at + length(name) + 3)
  return text(substr(s, 1, index(s, "\"") - 1))
}'

shopt -s nullglob
cases=("$folder"/*.xml)
if ((${#cases[@]})); then
  awk -v preset="$preset" "$unescape"'
    function flush() {
      if (name != "") printf "%s\t%s\t%s\t%s\n", verdict, preset, name, reason
      name = ""
    }
    /^ *<testcase / {
      flush()
      name = attribute("classname") "." attribute("name")
      verdict = "passed"; reason = ""
      if (attribute("result") == "suppressed" || attribute("status") == "notrun") {
        verdict = "failed"; reason = "switched off in the source"
      }
    }
    /^ *<failure / { verdict = "failed"; if (reason == "") reason = attribute("message") }
    /^ *<skipped/ && verdict == "passed" {
      verdict = "skipped"; reason = attribute("message")
      sub(/^[^ ]*:[0-9]+ /, "", reason)   # The place in the source, before the words.
    }
    END { flush() }' "${cases[@]}"
fi

# Programs with a failed case have had their say; of ctest, what is left.
awk -v preset="$preset" -v folder="$folder" "$unescape"'
  function file_of(name) { return folder "/" name ".xml" }
  function has_file(name,   line, found) {
    found = (getline line < file_of(name)) > 0
    close(file_of(name))
    return found
  }
  function has_failure(name,   line, found) {
    while ((getline line < file_of(name)) > 0) if (line ~ /<failure /) found = 1
    close(file_of(name))
    return found
  }
  function flush(   reason) {
    if (name == "") return
    if (status == "fail" && !has_failure(name))
      printf "failed\t%s\t%s\t%s\n", preset, name,
             message != "" ? message : last_line != "" ? last_line : "it died or took too long"
    else if (status == "notrun" || status == "disabled")
      printf "skipped\t%s\t%s\t%s\n", preset, name, last_line
    else if (status == "run" && !has_file(name))
      printf "passed\t%s\t%s\t\n", preset, name
    name = ""
  }
  /<testcase / {
    flush()
    name = attribute("name"); status = attribute("status"); message = ""; last_line = ""
    inside = 0
  }
  /<failure/ { message = attribute("message") }
  /<system-out>/ { inside = 1; sub(/.*<system-out>/, "") }
  inside {
    ended = index($0, "</system-out>")
    sub(/<\/system-out>.*/, "")
    if ($0 ~ /[^ \t]/) last_line = text($0)
    if (ended) inside = 0
  }
  END { flush() }' "$folder/ctest.junit"
