// What a scenario calls things, as its parts refer to each other: "hog", "hog.2", the
// file of a cgroup, "{hog}" in a path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/scenario.h"

namespace oomkit {

// A process, and which copy of it.
struct InstanceName {
  std::string comm;
  int instance = 1;

  friend bool operator==(const InstanceName&, const InstanceName&) = default;
};

// The comms of all processes of the scenario and of the children of forks.
std::vector<std::string> comms_of(const Scenario& scenario);

// All marks that can be reached: of steps, of actions, and "NAME exits" of every comm.
std::vector<std::string> marks_of(const Scenario& scenario);

// "hog" or "hog.2", where "hog" is one of `comms`; a comm that ends in ".2" itself wins.
std::optional<InstanceName> parse_instance(std::string_view text,
                                           const std::vector<std::string>& comms);

// True for what lies outside of the cgroup tree: below /proc, /sys, /dev or /tmp.
bool is_system_path(std::string_view path);

// "/box/inner/memory.max" as {"/box/inner", "memory.max"}; nothing for system paths and
// for what has no slash.
struct CgroupFileName {
  std::string_view cgroup;
  std::string_view file;
};
std::optional<CgroupFileName> split_cgroup_file(std::string_view path);

// The text between the braces of each "{...}" of a path; nothing when braces do not match.
std::optional<std::vector<std::string_view>> placeholders_of(std::string_view path);

// Labels of reads and captures are parts of other names: letters, digits, "_" and "-".
bool is_label(std::string_view text);

}  // namespace oomkit
