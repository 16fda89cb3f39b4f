#!/bin/bash
# `oom run` and `oom trigger --yes` in virtual machines: cgroup v2 on two kernels, the older of
# which has no cgroup.kill, and v1 with the freezer. In each a shell script is PID 1 and says
# what held (run_command.init).
#
#   run_command_test.sh OOM HOG
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/machine.sh"
need_machines 5.10 6.12
command -v dash >/dev/null || skip "there is no dash"

new_root
install -m 755 "$here/run_command.init" "$root/init"
add_program "$1" "$2"
cp -L "$(command -v dash)" "$root/bin/sh"
for program in cat find grep mkdir mount rm setsid sleep; do add_program "$(type -P "$program")"; done

boot 6.12 512 version=2
judge "6.12, v2"
boot 5.10 512 version=2
judge "5.10, v2"
boot 5.10 512 version=1
judge "5.10, v1"
exit $bad
