// A snapshot that can be shown to strangers: the host, cgroups, users and swap files become
// stand-ins ("host-1", "/cgroup-2/cgroup-5", 1001). Process names, pids, kernel version and
// all amounts stay, and so does what belongs to what.
#pragma once

#include "model/snapshot.h"

namespace oomkit {

Snapshot anonymized(Snapshot snapshot);

}  // namespace oomkit
