// Where a scenario plays: a virtual machine that is all its own, or one cgroup of a machine
// that has other work. What differs is where things are and what may be done.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "guest/fixed_text.h"
#include "scenario/scenario.h"

namespace oomkit::guest {

struct Stage {
  // True where the machine is the scenario's own: sysctls, sysrq, swap, modules.
  bool owns_machine = false;
  CgroupVersion cgroup = CgroupVersion::v2;
  std::string memory_root;  // What "/" of the scenario's cgroups is, in the memory hierarchy.
  std::string cpuset_root;  // The same for cpuset.*: the same folder on v2, empty without one.
  std::string files;        // Where files of relative names are: the data disk.
  std::string scratch;      // A folder in a tmpfs.
};

// The machine of its own that main.cc mounts.
Stage stage_of_vm(CgroupVersion version);
// A cgroup of this machine and a folder in a tmpfs, both made by the caller.
Stage stage_here(CgroupVersion version, std::string memory_root, std::string scratch);

// Why this scenario cannot play here; nothing wrong where the machine is its own.
Status check_stage(const Scenario& scenario, const Stage& stage);

// The folder of a cgroup in the memory hierarchy and in that of cpuset.
PathText memory_folder(const Stage& stage, std::string_view cgroup);
PathText cpuset_folder(const Stage& stage, std::string_view cgroup);
// The file that a scenario calls "/box/memory.max" or "/proc/meminfo".
PathText real_path(const Stage& stage, std::string_view file);
// "vm.overcommit_memory" below /proc/sys.
PathText sysctl_path(std::string_view name);
// What read_file and write_file call "data": a bare name, or a path.
PathText data_path(const Stage& stage, std::string_view file);

}  // namespace oomkit::guest
