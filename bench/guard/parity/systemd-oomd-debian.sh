# Its own defaults, with the slices that PID 1 tells it here (slices.cc) and the units beside this file say to us.
tool=systemd-oomd
units=(-.slice system.slice user.slice)
workloads=(leak zram box)
