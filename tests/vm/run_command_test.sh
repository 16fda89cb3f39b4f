#!/bin/bash
# `oom run` and `oom trigger --yes` in virtual machines: cgroup v2 on two kernels, the older of
# which has no cgroup.kill, and v1 with the freezer. In each a shell script is PID 1 and says
# what held (run_command.init).
#
#   run_command_test.sh OOM HOG
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
oom=$1
hog=$2
kernels=${OOMKIT_KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/oomkit/kernels}

skip() {
  echo "skipped: $1"
  exit 77
}
for program in qemu-system-x86_64 cpio gzip ldd dash; do
  command -v "$program" >/dev/null || skip "there is no $program"
done
for kernel in 5.10 6.12; do
  [[ -e $kernels/$kernel/vmlinuz ]] || skip "there is no kernel $kernel; ./dev kernels fetches it"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,proc,sys,dev,run}
install -m 755 "$here/run_command.init" "$root/init"
cp -L "$(command -v dash)" "$root/bin/sh"
for program in cat find grep mkdir mount rm setsid sleep; do
  cp -L "$(type -P "$program")" "$root/bin/"
done
cp -L "$oom" "$root/bin/oom"
cp -L "$hog" "$root/bin/run_hog"
strip "$root/bin/oom"
for program in "$root"/bin/*; do ldd "$program" | grep -o '/[^ ]*' || true; done | sort -u |
  while IFS= read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
  done
(cd "$root" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/initrd"

bad=0
boot() {  # KERNEL WORDS
  local said=$work/said
  # Its PID 1 ends: the kernel panics, and -no-reboot makes that the end.
  timeout 400 qemu-system-x86_64 -accel tcg,thread=single -cpu max,cx16=off -smp 1 -m 512 \
    -nodefaults -display none -serial stdio -no-reboot \
    -kernel "$kernels/$1/vmlinuz" -initrd "$work/initrd" \
    -append "console=ttyS0 psi=1 panic=-1 quiet loglevel=1 $2" </dev/null >"$said" 2>&1 || true
  echo "== $1 $2: $(grep -c '^CHECK ok' "$said" || true) held"
  if grep -q '^CHECK bad' "$said" || ! grep -q '^CHECKS OVER' "$said"; then
    bad=1
    cat "$said"
  fi
}
boot 6.12 version=2
boot 5.10 version=2
boot 5.10 version=1
exit $bad
