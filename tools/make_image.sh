#!/usr/bin/env bash
# Makes a Debian root with systemd and some packages, as an ext4 image for virtual machines.
#
# Of Debian 12, with mmdebstrap, from the mirror of the machine's own apt sources; into the
# user's cache, once for each list of packages. Nothing is installed on this machine. Units that
# a machine for a test only waits for are masked.
#
#   make_image.sh PACKAGE...      prints the image's path as its last line
#
# Needs to be root, and a minute or two.
set -euo pipefail

source "$(dirname "$(readlink -f "$0")")/debian_suite.sh"
suite=${suite_of[6.1]}
base=(systemd systemd-sysv udev dbus dbus-user-session)
packages=$(printf '%s\n' "${base[@]}" "$@" | sort -u | paste -sd,)
images=${OOMKIT_IMAGES:-$(dirname "$cache")/images}
image=$images/$suite-$(printf '%s' "$packages" | sha256sum | cut -c1-16).ext4

if [[ -s $image ]]; then
  echo "$image"
  exit 0
fi
((EUID == 0)) || fail "an image can only be made by root"
command -v mmdebstrap >/dev/null || fail "mmdebstrap is not installed"
[ -n "$(mirror)" ] || fail "no Debian mirror in this machine's apt sources"

world=$(mktemp -d)
trap 'rm -rf "$world"' EXIT
mkdir -p "$images"
# The first hooks leave out what nobody reads in a test; the last ones keep the boot short.
mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='echo guest >"$1/etc/hostname"' \
  --customize-hook='chroot "$1" passwd -d root' \
  --customize-hook='for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer systemd-timesyncd.service getty@tty1.service \
    systemd-update-utmp.service systemd-networkd-wait-online.service; do
    ln -sfn /dev/null "$1/etc/systemd/system/$unit"; done' \
  "$suite" "$world/root" "$(mirror)" >&2
# Room for what a test writes, over what is there.
size=$(($(du -sm "$world/root" | cut -f1) + 500))
mke2fs -q -t ext4 -E root_owner=0:0 -d "$world/root" "$world/image" "${size}M" >&2
mv "$world/image" "$image"
echo "$image"
