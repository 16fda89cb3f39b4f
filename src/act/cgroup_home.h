// The folder below which a command's cgroup can be made, with the memory controller.
//
// In version 1 that is our own cgroup. In version 2 a cgroup that has processes in it cannot
// hand controllers to cgroups below it ("no internal processes"), and the shell that we were
// started from is mostly in such a one. So, in this order:
//
// 1. our own, where it hands memory down already (the root, as init sees it);
// 2. our own, if nobody else is in it, as in a delegated scope that was made for us: we step
//    aside into a cgroup of our own below it, and back when it is over;
// 3. a scope that systemd makes for us, with delegation, and then as 2: by its D-Bus call,
//    for a `systemd-run` that we become could not tell us why it failed;
// 4. the nearest cgroup above that hands memory down: for root without systemd.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "io/guardian.h"
#include "io/memory_hierarchy.h"

namespace oomkit {

class CgroupHome {
 public:
  // `guardian` steps aside with us.
  static Result<CgroupHome> create(Guardian& guardian);
  // The same for a hierarchy that the caller has found, without systemd.
  static Result<CgroupHome> create_in(const MemoryHierarchy& hierarchy, Guardian& guardian);

  CgroupHome(CgroupHome&& other) noexcept;
  CgroupHome& operator=(CgroupHome&&) = delete;
  CgroupHome(const CgroupHome&) = delete;
  CgroupHome& operator=(const CgroupHome&) = delete;
  ~CgroupHome();  // Steps back.

  int version() const { return version_; }
  const std::string& folder() const { return folder_; }
  const std::string& path() const { return path_; }  // As the kernel names it.

 private:
  CgroupHome(int version, std::string folder, std::string path)
      : version_(version), folder_(std::move(folder)), path_(std::move(path)) {}

  static Result<CgroupHome> step_aside(const MemoryHierarchy& hierarchy, Guardian& guardian);

  int version_ = 2;
  std::string folder_;
  std::string path_;
  std::string aside_;  // The cgroup that we stepped into; "" if we did not.
  int guardian_ = 0;
};

}  // namespace oomkit
