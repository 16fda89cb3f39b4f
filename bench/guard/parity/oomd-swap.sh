# Swap runs out: whoever uses most of it.
tool=oomd
config=oomd-swap.json
workloads=(disk-swap zram)
