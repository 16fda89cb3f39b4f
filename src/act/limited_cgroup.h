// The cgroup of one command: made for it, with its limits set before anything runs in it,
// read when it is over, and removed.
//
// Memory in version 1 comes without pressure and without cgroup.kill. Where version 2 is
// mounted beside it, the command joins a cgroup there as well, which has both; on kernels
// whose version 2 cannot hold processes still (before 5.2), one of the freezer's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "act/cgroup_home.h"
#include "core/result.h"
#include "io/guardian.h"
#include "model/command_run.h"

namespace oomkit {

class LimitedCgroup {
 public:
  // `guardian` removes it if we cannot.
  static Result<LimitedCgroup> create(const CommandLimits& limits, Guardian& guardian);

  LimitedCgroup(LimitedCgroup&& other) noexcept = default;
  LimitedCgroup& operator=(LimitedCgroup&&) = delete;
  LimitedCgroup(const LimitedCgroup&) = delete;
  LimitedCgroup& operator=(const LimitedCgroup&) = delete;
  ~LimitedCgroup() { remove(); }

  int version() const { return home_.version(); }
  std::string path() const;                                             // As the kernel names it.
  const std::vector<std::string>& folders() const { return folders_; }  // To be joined.

  std::size_t count_processes() const;
  bool end_processes() const;  // False if some would not end.
  CommandUsage usage() const;
  bool remove();  // What is in it is ended; false if it is still there.

 private:
  explicit LimitedCgroup(CgroupHome home) : home_(std::move(home)) {}

  Status add(const std::string& parent, Guardian& guardian);
  void add_companions(Guardian& guardian);

  CgroupHome home_;
  std::vector<std::string> folders_;  // Memory's first.
};

}  // namespace oomkit
