# While there is swap left.
tool=earlyoom
arguments=(-r 0 -m 20,10 -s 60,30)
workloads=(disk-swap zram)
