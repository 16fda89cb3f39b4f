#!/bin/bash
# Includes point one way. A room may include itself and the rooms named after it here;
# the link dependencies say the same, this catches headers that need no linking.
source "$(dirname "$0")/common.sh" "$1"

declare -A may_use=(
  [core]=""
  [model]="core"
  [kernel]="model core"
  [io]="core"
  [scenario]="model core"
  [sources]="io kernel model core"
  [klog]="kernel model core"
  [sim]="scenario kernel model core"
  [policy]="scenario kernel model core"
  [import]="policy scenario kernel model core"
  [explain]="klog kernel model core"
  [doctor]="explain klog kernel model core"
  [act]="policy sources kernel io model core"
  [record]="policy scenario kernel io model core"
  [guard]="record act policy sources kernel io model core"
  [guest]="guard io scenario model core"
  [lab]="guest guard record act explain sim policy klog sources scenario kernel io model core"
  [render]="doctor explain record policy klog kernel model core"
  [cli]="doctor render lab guest guard record act explain import sim policy klog sources scenario kernel io model core"
)

for folder in src/*/; do
  room=$(basename "$folder")
  if [[ ! -v may_use[$room] ]]; then
    report "src/$room" "is a room that the layering test does not know"
    continue
  fi
  while IFS=: read -r file line include; do
    target=${include#*\"}
    target=${target%%/*}
    # Tests may share what tests/support has.
    if [[ $file == *_test.cc && $target == tests ]]; then continue; fi
    if [[ $target != "$room" && " ${may_use[$room]} " != *" $target "* ]]; then
      report "$file:$line" "$room/ may not include $target/"
    fi
  done < <(grep -rnE --include='*.h' --include='*.cc' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" || true)
done
finish
