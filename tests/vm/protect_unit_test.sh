#!/bin/bash
# `oom protect mariadb.service`, and `oom run` by root and by a user in a session, on a Debian
# machine with systemd: an image made once (tools/make_image.sh), booted by a kernel of its
# generation. What is tried there is run_scope.init and then protect_unit.init.
#
#   protect_unit_test.sh OOM HOG BOOT_DISK
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/machine.sh"
need_machines 6.1
if ! image=$("$here/../../tools/make_image.sh" mariadb-server | tail -n 1); then
  skip "the image of a Debian root cannot be made here, see above"
fi

new_root
add_program "$3"
mv "$root/bin/${3##*/}" "$root/init"
mkdir -p "$root"/payload/{usr/bin,opt/oom,etc/systemd/system/multi-user.target.wants}
# With the libraries of this machine, and their loader, for that Debian is another one perhaps.
for program in "$1" "$2"; do
  name=$(basename "$program")
  strip -o "$root/payload/opt/oom/$name" "$program"
  { ldd "$program" | grep -o '/[^ ]*' || true; } | xargs -I{} cp -L {} "$root/payload/opt/oom/"
  printf '#!/bin/sh\nexec /opt/oom/ld-linux-x86-64.so.2 --library-path /opt/oom /opt/oom/%s "$@"\n' \
    "$name" >"$root/payload/usr/bin/$name"
  chmod 755 "$root/payload/usr/bin/$name"
done
add_unit() {  # NAME AFTER SCORE
  install -m 755 "$here/$1.init" "$root/payload/usr/bin/$1"
  cat >"$root/payload/etc/systemd/system/$1.service" <<UNIT
[Unit]
After=mariadb.service systemd-user-sessions.service $2
[Service]
Type=oneshot
ExecStart=/usr/bin/$1
StandardOutput=tty
TTYPath=/dev/console
OOMScoreAdjust=$3
UNIT
  ln -s "../$1.service" "$root/payload/etc/systemd/system/multi-user.target.wants/"
}
add_unit run_scope "" 0
add_unit protect_unit run_scope.service -1000

boot 6.1 512 "systemd.show_status=0 systemd.log_level=err" \
  -drive "if=virtio,format=raw,snapshot=on,file=$image"
judge "systemd, 6.1"
exit $bad
