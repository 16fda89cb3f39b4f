# As Debian ships it.
tool=nohang
config=/etc/nohang/nohang.conf
workloads=(leak small-leak)
