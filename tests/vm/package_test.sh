#!/bin/bash
# The Debian package, on a Debian machine with systemd: it is installed, its service guards, is
# upgraded, removed and purged. What is tried there is package.init.
#
#   package_test.sh BUILD_FOLDER BOOT_DISK
#
# The package is made of what BUILD_FOLDER holds, and a second one of it with a higher version.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
source "$here/machine.sh"
need_machines 6.1
for program in cpack dpkg-deb dpkg-shlibdeps; do
  command -v "$program" >/dev/null || skip "there is no $program"
done

new_root
cpack --config "$1/CPackConfig.cmake" -B "$work/packages" -D CPACK_COMPONENTS_ALL=bin \
  >"$work/cpack.log" 2>&1 || { cat "$work/cpack.log"; exit 1; }
package=$(ls "$work"/packages/oomkit_*.deb)
libraries=$(dpkg-deb -f "$package" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g')
# Word by word: they are names of packages.
if ! image=$("$here/../../tools/make_image.sh" perl-base $libraries | tail -n 1); then
  skip "the image of a Debian root cannot be made here, see above"
fi

add_program "$2"
mv "$root/bin/${2##*/}" "$root/init"
mkdir -p "$root"/payload/{opt,usr/bin,etc/systemd/system/multi-user.target.wants}
cp "$package" "$root/payload/opt/first.deb"
dpkg-deb -R "$package" "$work/second"
sed -i 's/^Version: .*/&+1/' "$work/second/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/second" "$root/payload/opt/second.deb" >/dev/null
install -m 755 "$here/package.init" "$root/payload/usr/bin/package_trial"
cat >"$root/payload/etc/systemd/system/package_trial.service" <<'UNIT'
[Unit]
After=dbus.service systemd-user-sessions.service
[Service]
Type=oneshot
ExecStart=/usr/bin/package_trial
StandardOutput=tty
TTYPath=/dev/console
OOMScoreAdjust=-1000
UNIT
ln -s ../package_trial.service "$root/payload/etc/systemd/system/multi-user.target.wants/"

boot 6.1 768 "systemd.show_status=0 systemd.log_level=err" \
  -drive "if=virtio,format=raw,snapshot=on,file=$image"
judge "the package, 6.1"
exit $bad
