#include "guest/cgroups.h"

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "core/text.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

Status refused(std::string_view what, std::string_view path, int error) {
  return fail(ErrorCode::io, "cannot " + std::string(what) + " " + std::string(path) + ": " +
                                 std::string(error_name(error)) + " (" +
                                 std::string(error_sentence(error)) + ")");
}

Status write_setting(const PathText& path, const std::string& value) {
  const int error = write_file(path.c_str(), value);
  if (error == 0) return {};
  return refused("write \"" + value + "\" to", path.view(), error);
}

Status make_folder(const PathText& folder) {
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return refused("make the cgroup", folder.view(), errno);
}

std::string_view parent_of(std::string_view cgroup) {
  const std::size_t slash = cgroup.rfind('/');
  return slash == 0 ? std::string_view("/") : cgroup.substr(0, slash);
}

// The controllers that a v2 folder offers, of those that scenarios use.
std::string offered_controllers(const PathText& folder) {
  std::array<char, 512> buffer{};
  const FileText offered =
      read_file(PathText(folder.view(), "/cgroup.controllers").c_str(), buffer);
  std::string wanted;
  Cursor words(offered.text);
  while (!words.at_end()) {
    words.skip_spaces();
    const std::string_view rest = words.rest();
    const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
    if (word == "memory" || word == "cpuset" || word == "pids")
      wanted += (wanted.empty() ? "+" : " +") + std::string(word);
    words.advance(word.size());
  }
  return wanted;
}

// v2: a folder's files appear when its parent distributes their controllers.
Status distribute(const PathText& folder) {
  const PathText path(folder.view(), "/cgroup.subtree_control");
  return write_setting(path, offered_controllers(folder));
}

// v1: a new cpuset admits nobody before it has nodes and processors.
Status inherit_cpuset(const Stage& stage, std::string_view cgroup) {
  const PathText parent = cpuset_folder(stage, parent_of(cgroup));
  const PathText folder = cpuset_folder(stage, cgroup);
  for (const std::string_view file : {"/cpuset.cpus", "/cpuset.mems"}) {
    std::array<char, 256> buffer{};
    const FileText text = read_file(PathText(parent.view(), file).c_str(), buffer);
    if (text.error != 0) return refused("read", PathText(parent.view(), file).view(), text.error);
    const Status written =
        write_setting(PathText(folder.view(), file), std::string(trim(text.text)));
    if (!written) return written;
  }
  return {};
}

bool has_cpuset_of_its_own(const Stage& stage) {
  return stage.cgroup == CgroupVersion::v1 && !stage.cpuset_root.empty();
}

Status make_one(const Stage& stage, std::string_view cgroup) {
  if (const Status made = make_folder(memory_folder(stage, cgroup)); !made) return made;
  if (!has_cpuset_of_its_own(stage)) return {};
  if (const Status made = make_folder(cpuset_folder(stage, cgroup)); !made) return made;
  return inherit_cpuset(stage, cgroup);
}

// The cpuset that a process with `mems` has to itself, below its cgroup.
Status make_cpuset_of(const Stage& stage, const ProcessSpec& process) {
  const std::string cgroup = (process.cgroup == "/" ? "" : process.cgroup) + "/" + process.name;
  const PathText folder = cpuset_folder(stage, cgroup);
  if (stage.cgroup == CgroupVersion::v2) {
    if (const Status given = distribute(cpuset_folder(stage, process.cgroup)); !given) return given;
  }
  if (const Status made = make_folder(folder); !made) return made;
  if (has_cpuset_of_its_own(stage)) {
    if (const Status inherited = inherit_cpuset(stage, cgroup); !inherited) return inherited;
  }
  return write_setting(PathText(folder.view(), "/cpuset.mems"), *process.mems);
}

}  // namespace

Status make_cgroups(const Plan& plan) {
  const Stage& stage = *plan.stage;
  const Scenario& scenario = *plan.scenario;
  if (stage.cgroup == CgroupVersion::v2 && !scenario.cgroups.empty()) {
    if (const Status given = distribute(memory_folder(stage, "/")); !given) return given;
  }
  std::string_view distributing = "/";
  for (const CgroupSpec& cgroup : scenario.cgroups) {
    const std::string_view parent = parent_of(cgroup.path);
    if (stage.cgroup == CgroupVersion::v2 && parent != distributing && parent != "/") {
      if (const Status given = distribute(memory_folder(stage, parent)); !given) return given;
      distributing = parent;
    }
    if (const Status made = make_one(stage, cgroup.path); !made) return made;
  }
  for (const CgroupSpec& cgroup : scenario.cgroups) {
    for (const Setting& setting : cgroup.set) {
      const std::string file = cgroup.path + "/" + setting.file;
      const Status written = write_setting(real_path(stage, file), setting.value);
      if (!written) return written;
    }
  }
  for (const ProcessSpec& process : scenario.processes) {
    if (!process.mems) continue;
    if (const Status made = make_cpuset_of(stage, process); !made) return made;
  }
  return {};
}

}  // namespace oomkit::guest
