# What the tests share that boot machines of their own from a shell: a root in memory with some
# programs and their libraries, modules of a kernel, QEMU. Sourced, not run.
#
#   new_root; add_program FILE...; boot KERNEL MEMORY "KERNEL PARAMETERS" [QEMU OPTION...]
#
# What the machine said is in $said afterwards.

kernels=${OOMKIT_KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/oomkit/kernels}

skip() {
  echo "skipped: $1"
  exit 77
}

need_machines() {  # KERNEL...
  local program kernel
  for program in qemu-system-x86_64 cpio gzip ldd xz; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
  for kernel in "$@"; do
    [[ -e $kernels/$kernel/vmlinuz ]] || skip "there is no kernel $kernel; ./dev kernels fetches it"
  done
}

new_root() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  said=$work/said
  mkdir -p "$root"/{bin,proc,sys,dev,run}
}

add_program() {  # FILE...: into /bin, with the libraries that it wants
  local program library
  for program in "$@"; do
    cp -L "$program" "$root/bin/"
    strip "$root/bin/${program##*/}" 2>/dev/null || true
    { ldd "$program" | grep -o '/[^ ]*' || true; } | while IFS= read -r library; do
      [[ -e $root$library ]] && continue
      mkdir -p "$root${library%/*}"
      cp -L "$library" "$root$library"
    done
  done
}

# What disks and swap in memory need of that kernel's modules, as they are or unpacked.
add_modules() {  # KERNEL FOLDER
  local module name
  for module in "$kernels/$1"/modules/*; do
    name=$(basename "$module")
    case $name in
      *.ko) cp "$module" "$2/" ;;
      *.ko.xz) xz -dc "$module" >"$2/${name%.xz}" ;;
    esac
  done
}

initrd_of() {  # KERNEL: made when it is first asked for
  initrd=$work/initrd-$1
  [[ -e $initrd ]] && return
  rm -rf "$root/modules"
  mkdir "$root/modules"
  add_modules "$1" "$root/modules"
  (cd "$root" && find . | cpio -o -H newc 2>/dev/null) | gzip -1 >"$initrd"
}

# The clock is the count of instructions: the same machine runs the same way again. When its
# PID 1 ends the kernel panics, and -no-reboot makes that the end.
boot() {
  local kernel=$1 memory=$2 words=$3
  shift 3
  initrd_of "$kernel"
  timeout "${OOMKIT_BOOT_LIMIT:-900}" qemu-system-x86_64 -accel tcg,thread=single \
    -cpu max,cx16=off,erms=off,fsrm=off -smp 1 -icount shift=2,sleep=off -rtc base=2026-01-01,clock=vm \
    -m "$memory" "$@" -nodefaults -no-user-config -display none -serial stdio -no-reboot \
    -kernel "$kernels/$kernel/vmlinuz" -initrd "$initrd" \
    -append "console=ttyS0 psi=1 panic=-1 quiet loglevel=1 rootfstype=ramfs $words" \
    </dev/null >"$said" 2>&1 || true
}

# Which checks the machine says held; those that did not, or an early end, are failures.
bad=0
judge() {  # WHAT
  echo "== $1: $(grep -c '^CHECK ok' "$said" || true) held"
  if grep -q '^CHECK bad' "$said" || ! grep -q '^CHECKS OVER' "$said"; then
    bad=1
    cat "$said"
  fi
}
