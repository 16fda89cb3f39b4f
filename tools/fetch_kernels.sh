#!/usr/bin/env bash
# Fetches the four Debian kernels that rehearsals run on, one of each generation.
#
# Kernels are ordinary packages of suites other than this machine's. They are resolved
# and downloaded through an apt configuration of their own (sources, lists and cache in
# a private folder, the mirror read from the machine's own sources), then unpacked: the
# machine's suites and packages stay as they are. Versions move on, so nothing is pinned.
#
#   fetch_kernels.sh [KERNEL...]      KERNEL: 5.10 6.1 6.12 7.2; all four by default
#
# Result: $OOMKIT_KERNELS (default: the user's cache folder)/KERNEL/{vmlinuz,release,modules/}
set -euo pipefail

source "$(dirname "$(readlink -f "$0")")/debian_suite.sh"
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(5.10 6.1 6.12 7.2)

# The packages that hold the kernel image and its modules: the meta package's dependency,
# and what that in turn depends on where the image package is empty (sid).
image_packages() {
  local world=$1 suite=$2 image
  image=$(private_apt "$world" "$suite" apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
  [ -n "$image" ] || return 1
  echo "$image"
  private_apt "$world" "$suite" apt-cache depends "$image" |
    sed -n 's/^ *Depends: \(linux-\(binary\|modules\)-[^ ]*\)/\1/p'
}

# Of the modules only those that a guest can need: virtio disks, zram, a disk image as persistent
# memory, and what they stand on. Whoever changes the list counts the number up: what was fetched
# before is fetched anew.
modules_kept=2
keep_modules() {
  local from=$1 to=$2 module
  mkdir -p "$to"
  find "$from" -name '*.ko*' | while read -r module; do
    case $(basename "$module") in
      virtio.ko* | virtio_ring.ko* | virtio_pci*.ko* | virtio_blk.ko* | \
        zram.ko* | zsmalloc.ko* | lzo*.ko* | lz4*.ko* | zstd*.ko* | 842*.ko* | xxhash.ko* | \
        nfit.ko* | libnvdimm.ko* | nd_btt.ko* | nd_pmem.ko* | \
        ext4.ko* | jbd2.ko* | mbcache.ko* | crc16.ko* | crc32c_generic.ko* | loop.ko*) cp "$module" "$to/" ;;
    esac
  done
}

fetch() {
  local kernel=$1 suite=${suite_of[$1]:-} world packages root image
  [ -n "$suite" ] || fail "no kernel $kernel; there are ${!suite_of[*]}"
  if [ -s "$cache/$kernel/vmlinuz" ] && [ -s "$cache/$kernel/release" ] &&
    [ "$(cat "$cache/$kernel/kept" 2>/dev/null)" = "$modules_kept" ]; then
    echo "kernel $kernel: $(cat "$cache/$kernel/release") is there"
    return
  fi
  world=$(mktemp -d)
  # shellcheck disable=SC2064  # The folder of now, not of the time of the trap.
  trap "rm -rf '$world'" RETURN
  echo "kernel $kernel: looking in $suite"
  private_apt "$world" "$suite" apt-get update -qq || fail "cannot read the package lists of $suite"
  packages=$(image_packages "$world" "$suite") || fail "$suite has no linux-image-cloud-amd64"
  root=$world/root
  mkdir -p "$root" "$world/debs"
  (cd "$world/debs" && private_apt "$world" "$suite" apt-get download -qq $packages)
  for deb in "$world"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
  # /boot/vmlinuz-RELEASE; from 7.x on /usr/lib/modules/RELEASE/vmlinuz.
  image=$(find "$root" \( -name 'vmlinuz-*' -o -path '*/modules/*/vmlinuz' \) -size +0 -print -quit)
  [ -n "$image" ] || fail "no kernel image in $packages"
  rm -rf "$cache/$kernel.new"
  mkdir -p "$cache/$kernel.new"
  cp "$image" "$cache/$kernel.new/vmlinuz"
  keep_modules "$root" "$cache/$kernel.new/modules"
  case $image in
    */vmlinuz-*) echo "${image##*/vmlinuz-}" ;;
    *) basename "$(dirname "$image")" ;;
  esac >"$cache/$kernel.new/release"
  echo "$modules_kept" >"$cache/$kernel.new/kept"
  rm -rf "${cache:?}/$kernel"
  mv "$cache/$kernel.new" "$cache/$kernel"
  echo "kernel $kernel: $(cat "$cache/$kernel/release")"
}

[ -n "$(mirror)" ] || fail "no Debian mirror in this machine's apt sources"
mkdir -p "$cache"
for kernel in "${kernels[@]}"; do fetch "$kernel"; done
