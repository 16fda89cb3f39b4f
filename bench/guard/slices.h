// What systemd as PID 1 tells systemd-oomd: which cgroups to watch, over the socket that it
// asks at (io.systemd.ManagedOOM). The machine has no systemd, whose boot would take longer than
// all that is measured; the daemon itself is Debian's.
#pragma once

#include "core/result.h"

namespace oomkit::bench {

// Serves the socket from a process of its own: swap of the root slice, as Debian ships it, and
// pressure of system.slice and user.slice at the daemon's default limits.
Status tell_slices();

}  // namespace oomkit::bench
