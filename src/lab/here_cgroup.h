// The one cgroup that an experiment on this machine has: found a place for, made, removed.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
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

class HereCgroup {
 public:
  // A new one below our own, with the memory controller. An error names what is missing and
  // the remedy.
  static Result<HereCgroup> make(const MemoryHierarchy& hierarchy);

  HereCgroup(HereCgroup&& other) noexcept;
  HereCgroup& operator=(HereCgroup&&) = delete;
  HereCgroup(const HereCgroup&) = delete;
  HereCgroup& operator=(const HereCgroup&) = delete;
  ~HereCgroup();  // Ends every process in it and below it, and removes it.

  const std::string& folder() const { return folder_; }
  const std::string& name() const { return name_; }  // Unlike any other on this machine.

 private:
  HereCgroup(std::string folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  std::string folder_;
  std::string name_;
};

}  // namespace oomkit
