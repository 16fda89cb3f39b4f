#!/bin/bash
# The Debian root in which daemons are compared: their packages, and the libraries that oom wants.
# Prints the image's path as its last line; made once.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
exec "$here/../../tools/make_image.sh" earlyoom oomd systemd-oomd nohang \
  libarchive13 libncursesw6 libsystemd0 libstdc++6
