// A Snapshot as a tick: so that the engine which guards a host runs over a recording, the model
// or a captured host as well.
#pragma once

#include <vector>

#include "model/snapshot.h"
#include "policy/tick.h"

namespace oomkit {

// The rows of one snapshot's tick. The names in them are the snapshot's, which must outlive the
// tick.
class SnapshotTick {
 public:
  // Holds all that the snapshot has, cgroups and processes. `now` must not go back from one to
  // the next: a snapshot without an uptime does not know it.
  const Tick& assign(const Snapshot& snapshot, HostTime now);

 private:
  void take_cgroups(const Snapshot& snapshot);
  void take_processes(const Snapshot& snapshot);

  Tick tick_;
  std::vector<TickCgroup> cgroups_;
  std::vector<TickProcess> processes_;
};

}  // namespace oomkit
