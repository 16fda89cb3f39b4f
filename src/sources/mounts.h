// Where cgroup hierarchies and procfs are mounted, by /proc/PID/mountinfo.
//
//   35 31 0:32 /docker/3f1c /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory
//
// The fourth word is the part of the hierarchy that is mounted: a container that sees only
// its own cgroups has something else than "/" there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/host_state.h"

namespace oomkit {

struct CgroupMount {
  int version = 2;
  std::string root;                   // "/" or the part that is mounted.
  std::string point;                  // "/sys/fs/cgroup/memory"
  bool recursive_protection = false;  // memory_recursiveprot
};

struct Mounts {
  std::optional<CgroupMount> memory_v1;
  std::optional<CgroupMount> unified;  // Version 2, with or without the memory controller.
  bool has_v1 = false;                 // Any hierarchy of version 1.
  std::optional<std::string> hidepid;  // Of procfs: "1", "2", "invisible", ...; absent if off.
};

// Lines that are no mounts of these kinds are skipped; of several, the last is on top.
Mounts parse_mountinfo(std::string_view text);

// Which layout these mounts are, if memory is controlled in one of them. `unified_memory`:
// version 2 has the memory controller.
std::optional<CgroupLayout> layout_of(const Mounts& mounts, bool unified_memory);

}  // namespace oomkit
