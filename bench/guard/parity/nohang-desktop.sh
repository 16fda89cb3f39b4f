# The other configuration that Debian ships.
tool=nohang
config=/etc/nohang/nohang-desktop.conf
workloads=(leak login zram)
