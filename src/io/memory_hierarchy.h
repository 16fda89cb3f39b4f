// Where cgroups are on this machine, and in which of them this process is.
//
// Memory is controlled in version 1 or in version 2, and in a hybrid layout, as systemd
// calls it, version 2 is mounted beside it without any controller. Only the memory
// controller's own place counts as the memory hierarchy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

struct MemoryHierarchy {
  int version = 2;
  std::string mount;   // Where the hierarchy is mounted: "/sys/fs/cgroup/memory".
  std::string folder;  // Of our own cgroup: "/sys/fs/cgroup/memory/user.slice".
  std::string path;    // The same as the kernel names it: "/user.slice".
};

// By the texts of /proc/self/cgroup and /proc/self/mountinfo.
Result<MemoryHierarchy> find_memory_hierarchy(std::string_view cgroups, std::string_view mounts);
// Version 1 with another controller, "freezer"; or version 2, for "".
std::optional<MemoryHierarchy> find_hierarchy(std::string_view cgroups, std::string_view mounts,
                                              std::string_view controller);

// On this machine.
Result<MemoryHierarchy> find_memory_hierarchy();
std::optional<MemoryHierarchy> find_hierarchy(std::string_view controller);

}  // namespace oomkit
