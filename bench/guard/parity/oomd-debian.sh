# As Debian ships it.
tool=oomd
config=/etc/oomd/oomd.json
workloads=(leak zram)
