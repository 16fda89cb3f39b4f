// A cgroup that is made for one purpose and is gone afterwards, with everything in it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

// cgroup v2: cgroups below `folder` get the controller. Nothing is done where they have it.
Status delegate_controller(const std::string& folder, const std::string& controller);

class OwnCgroup {
 public:
  // A new one below `parent`, a folder of a cgroup filesystem; its name begins with `prefix`
  // and is unlike any other there.
  static Result<OwnCgroup> create(const std::string& parent, std::string_view prefix);

  OwnCgroup(OwnCgroup&& other) noexcept;
  OwnCgroup& operator=(OwnCgroup&&) = delete;
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;
  ~OwnCgroup();  // Ends every process in it and below it, and removes it.

  const std::string& folder() const { return folder_; }
  const std::string& name() const { return name_; }

 private:
  OwnCgroup(std::string folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}

  std::string folder_;
  std::string name_;
};

}  // namespace oomkit
