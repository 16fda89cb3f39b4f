// Limits of one command as the files of its cgroup: which, what, in which order.
//
// Version 1 has no limit of swap but one of memory and swap together, which may not be below
// that of memory: the order of the writes keeps to that. What a version does not have is
// refused with a sentence, never passed over.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "model/command_run.h"

namespace oomkit {

struct LimitWrite {
  std::string file;
  std::string value;

  friend bool operator==(const LimitWrite&, const LimitWrite&) = default;
};

// What the kernel has here.
struct LimitSupport {
  int version = 2;
  bool swap = true;       // Swap is accounted: memory.swap.max, v1 memory.memsw.*, are there.
  bool oom_group = true;  // memory.oom.group (4.19).
  bool host_swap = true;  // There is any swap to be used.
};

Result<std::vector<LimitWrite>> plan_limits(const CommandLimits& limits,
                                            const LimitSupport& support);

}  // namespace oomkit
