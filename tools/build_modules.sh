#!/usr/bin/env bash
# Builds the experiments' kernel module for the fetched kernels.
#
# An out-of-tree module needs the headers and the build tools (kbuild) of exactly its
# kernel. Both are Debian packages of the kernel's suite; they are unpacked into a private
# folder, nothing is installed. Two things stand between them and this machine's compiler:
#
#   - Kernels from 6.12 on are configured for a gcc that knows -fmin-function-alignment.
#     An older one has -falign-functions, which is what kernels used before.
#   - The tools of newer suites want a newer C library than this machine's. Those that do
#     are run through the loader and the library of their suite's libc6.
#
#   build_modules.sh [KERNEL...]      as for fetch_kernels.sh, which must have run
#
# Result: $cache/KERNEL/extra/oomkit_pages.ko; a kernel whose headers are gone from its
# suite is named and left out, and the exit code is then 1.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source "$here/debian_suite.sh"
module_source=$here/../experiments/module
kernels=("$@")
[ ${#kernels[@]} -gt 0 ] || kernels=(5.10 6.1 6.12 7.2)

# unpack WORLD SUITE TO PACKAGE...
unpack() {
  local world=$1 suite=$2 to=$3 deb
  shift 3
  rm -rf "$world/debs"
  mkdir -p "$world/debs" "$to"
  (cd "$world/debs" && private_apt "$world" "$suite" apt-get download -qq "$@") || return 1
  for deb in "$world"/debs/*.deb; do dpkg-deb -x "$deb" "$to"; done
}

# The headers of a flavour stand on those common to all flavours and on kbuild.
header_packages() {
  private_apt "$1" "$2" apt-cache depends "linux-headers-$3" |
    sed -n 's/^ *Depends: \(linux-\(headers\|kbuild\)-[^ ]*\)/\1/p'
}

needs_newer_libc() {
  local libraries
  libraries=$(ldd "$1" 2>&1 || true)
  [[ $libraries =~ version\ .GLIBC_[0-9.]*.\ not\ found ]]
}

# Every tool below $1 that this machine's C library cannot run, to be run with that of $2.
wrap_tools() {
  local root=$1 libc=$2 tool loader libraries
  loader=$(find "$libc" -name 'ld-linux-x86-64.so.2' -print -quit)
  libraries=$(dirname "$(find "$libc" -name 'libc.so.6' -print -quit)")
  find "$root" -type f -perm -u+x ! -name '*.sh' | while read -r tool; do
    needs_newer_libc "$tool" || continue
    mv "$tool" "$tool.elf"
    printf '#!/bin/sh\nexec %q --library-path %q:/usr/lib/x86_64-linux-gnu %q "$@"\n' \
      "$loader" "$libraries" "$tool.elf" >"$tool"
    chmod +x "$tool"
  done
}

any_needs_newer_libc() {
  local tool
  while read -r tool; do
    if needs_newer_libc "$tool"; then return 0; fi
  done < <(find "$1" -type f -perm -u+x -path '*/linux-kbuild-*')
  return 1
}

build_one() {
  local kernel=$1 suite=${suite_of[$1]:-} target release world headers
  [ -n "$suite" ] || fail "no kernel $kernel; there are ${!suite_of[*]}"
  [ -s "$cache/$kernel/release" ] || fail "kernel $kernel is not there: run ./dev kernels $kernel"
  release=$(cat "$cache/$kernel/release")
  target=$cache/$kernel/extra/oomkit_pages.ko
  if [ "$target" -nt "$module_source/oomkit_pages.c" ] && [ "$target" -nt "$cache/$kernel/release" ]; then
    echo "module for $release: is there"
    return
  fi
  world=$(mktemp -d)
  # shellcheck disable=SC2064  # The folder of now, not of the time of the trap.
  trap "rm -rf '$world'" RETURN
  private_apt "$world" "$suite" apt-get update -qq || return 1
  # shellcheck disable=SC2046  # Package names, a word each.
  unpack "$world" "$suite" "$world/root" "linux-headers-$release" \
    $(header_packages "$world" "$suite" "$release") || return 1
  if any_needs_newer_libc "$world/root"; then
    unpack "$world" "$suite" "$world/libc" libc6 || return 1
    wrap_tools "$world/root/usr/lib" "$world/libc"
  fi
  headers=$world/root/usr/src/linux-headers-$release
  sed -i "s#\([= ]\)/usr/src/#\1$world/root/usr/src/#" "$headers/Makefile"
  printf '#!/bin/bash\nexec gcc "${@/#-fmin-function-alignment=/-falign-functions=}"\n' >"$world/cc"
  chmod +x "$world/cc"
  mkdir "$world/module"
  cp "$module_source"/* "$world/module/"
  # No type information for BPF: it needs pahole, and nobody asks for it here.
  if ! make -C "$headers" M="$world/module" CC="$world/cc" CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$world/log" 2>&1; then
    cat "$world/log" >&2
    return 1
  fi
  mkdir -p "$(dirname "$target")"
  strip --strip-debug -o "$target.new" "$world/module/oomkit_pages.ko"
  mv "$target.new" "$target"
  echo "module for $release: built"
}

status=0
for kernel in "${kernels[@]}"; do
  if ! build_one "$kernel"; then
    echo "module for kernel $kernel: not built" >&2
    status=1
  fi
done
exit $status
