# Early, and a known leaker first.
tool=earlyoom
arguments=(-r 0 -m 15,8 --prefer '^leak$' -n)
workloads=(small-leak swarm)
