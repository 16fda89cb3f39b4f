# As Debian ships it.
tool=earlyoom
arguments=(-r 3600)
workloads=(leak small-leak zram)
