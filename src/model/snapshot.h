// What is known of a host's memory at one instant: the value that holds oomkit together.
//
// It has several makers (a kernel log here; a live host and the model kernel later) and
// its users cannot tell which one made it. No maker knows everything, so whatever one
// may lack is optional.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "core/units.h"
#include "model/host_memory.h"
#include "model/host_state.h"
#include "model/kernel_version.h"
#include "model/memcg.h"
#include "model/memcg_tree.h"
#include "model/source_gap.h"
#include "model/task.h"
#include "model/task_state.h"

namespace oomkit {

struct Snapshot {
  std::optional<HostTime> uptime;
  std::optional<WallTime> time;
  std::optional<std::string> host;
  std::optional<std::string> kernel_release;  // "5.14.0-333.el9.x86_64"
  std::optional<PageSize> page_size;          // Proven by the log's own numbers, or absent.

  std::optional<HostMemory> host_memory;
  std::optional<MemcgReport> memcg;  // The cgroup in question, if there is one.
  // In the order in which the kernel looks at them: that order decides ties.
  std::vector<Task> tasks;

  // From a live host only.
  std::optional<HostState> host_state;
  std::optional<MemcgTree> memcgs;
  std::vector<TaskState> task_states;  // Of `tasks`, one for each; or empty.
  SourceGaps gaps;

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

}  // namespace oomkit
