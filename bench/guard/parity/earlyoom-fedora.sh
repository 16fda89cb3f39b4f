# In the manner of Fedora's: by size of memory too, browsers' tabs first, the desktop last.
tool=earlyoom
arguments=(-r 0 -m 4 -M 409600,307200 --prefer '^(Web Content|Isolated Web Co)$'
  --avoid '^(db|dnf|gnome-shell|gnome-session-c|sshd|systemd|systemd-logind|Xwayland)$')
workloads=(small-leak login)
