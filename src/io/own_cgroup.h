// A cgroup that is made for one purpose and is gone afterwards, with everything in it.
//
// Ending what is in a cgroup is a race with whoever forks there. From 5.14 on the kernel does
// it at once (cgroup.kill); before that, processes are held still while they are killed
// (cgroup.freeze from 5.2 on, version 1's freezer); elsewhere it is done again and again.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

// cgroup v2: cgroups below `folder` get the controller. Nothing is done where they have it.
Status delegate_controller(const std::string& folder, const std::string& controller);
// ... and lose it again.
Status withdraw_controller(const std::string& folder, const std::string& controller);

// One of its files is set to `value`, in the kernel's spelling.
Status set_cgroup_file(const std::string& folder, const std::string& file,
                       const std::string& value);

// A new cgroup below `parent`, a folder of a cgroup filesystem; its name begins with `prefix`
// and is unlike any other there. Its folder.
Result<std::string> make_cgroup(const std::string& parent, std::string_view prefix);
// One without processes and cgroups in it; nothing happens to others.
void remove_empty_cgroup(const std::string& folder);

// The process moves into that cgroup; 0 is the caller's own.
Status move_into_cgroup(const std::string& folder, int pid);

// Processes in it and below it.
std::size_t count_processes(const std::string& folder);
// SIGKILL for all of them, until there are none; false if some would not end within seconds.
bool end_processes(const std::string& folder);
// Ends its processes and removes it and all below it; false if it is still there.
bool remove_cgroup(const std::string& folder);

class OwnCgroup {
 public:
  static Result<OwnCgroup> create(const std::string& parent, std::string_view prefix);

  OwnCgroup(OwnCgroup&& other) noexcept;
  OwnCgroup& operator=(OwnCgroup&&) = delete;
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;
  ~OwnCgroup();  // Ends every process in it and below it, and removes it.

  const std::string& folder() const { return folder_; }
  std::string name() const { return folder_.substr(folder_.rfind('/') + 1); }

 private:
  explicit OwnCgroup(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace oomkit
