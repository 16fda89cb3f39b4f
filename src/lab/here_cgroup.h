// The one cgroup that an experiment on this machine has: where it may be, and made there.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "io/own_cgroup.h"
#include "scenario/scenario.h"

namespace oomkit {

// Where the memory controller is, and which of its cgroups this process is in.
struct MemoryHierarchy {
  CgroupVersion version = CgroupVersion::v2;
  std::string folder;  // Of our own cgroup: "/sys/fs/cgroup/memory/user.slice".
};

// By the texts of /proc/self/cgroup and /proc/self/mountinfo.
Result<MemoryHierarchy> find_memory_hierarchy(std::string_view cgroups, std::string_view mounts);
// On this machine.
Result<MemoryHierarchy> find_memory_hierarchy();

// A new one below our own, with the memory controller. An error names what is missing and the
// remedy.
Result<OwnCgroup> make_here_cgroup(const MemoryHierarchy& hierarchy);

}  // namespace oomkit
