#include "guest/stage.h"

#include <algorithm>
#include <utility>

#include "scenario/names.h"

namespace oomkit::guest {
namespace {

PathText folder_below(const std::string& root, std::string_view cgroup) {
  PathText path(root);
  if (cgroup != "/") path.append(cgroup);
  return path;
}

// What an action would do to a machine that is not its own, or nothing.
std::string_view harm_of(const Action& action) {
  using Kind = Action::Kind;
  switch (action.kind) {
    case Kind::sysctl:
      return "sets a sysctl";
    case Kind::sysrq:
      return "uses sysrq";
    case Kind::load_module:
    case Kind::unload_module:
      return "loads a kernel module";
    case Kind::write:
      return is_system_path(action.file) ? "writes to the machine" : "";
    case Kind::signal:
    case Kind::read:
    case Kind::state:
    case Kind::capture:
    case Kind::mark:
      return {};
  }
  return {};
}

Status refuse(std::string_view what) {
  return fail(ErrorCode::usage,
              "the scenario " + std::string(what) + ", which is done only on a machine of its own");
}

}  // namespace

Stage stage_of_vm(CgroupVersion version) {
  Stage stage;
  stage.owns_machine = true;
  stage.cgroup = version;
  const bool v1 = version == CgroupVersion::v1;
  stage.memory_root = v1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
  stage.cpuset_root = v1 ? "/sys/fs/cgroup/cpuset" : "/sys/fs/cgroup";
  stage.files = "/data";
  stage.scratch = "/tmp";
  return stage;
}

Stage stage_here(CgroupVersion version, std::string memory_root, std::string scratch) {
  Stage stage;
  stage.cgroup = version;
  if (version == CgroupVersion::v2) stage.cpuset_root = memory_root;
  stage.memory_root = std::move(memory_root);
  stage.files = scratch;
  stage.scratch = std::move(scratch);
  return stage;
}

Status check_stage(const Scenario& scenario, const Stage& stage) {
  if (stage.owns_machine) return {};
  const HostSpec& host = scenario.host;
  if (host.cgroup != stage.cgroup) {
    return fail(ErrorCode::unsupported,
                std::string("the scenario wants cgroup ") +
                    (host.cgroup == CgroupVersion::v1 ? "v1" : "v2") +
                    ", and the memory controller of this machine is the other version");
  }
  if (host.swap > Bytes(0)) return refuse("wants swap");
  if (!host.nodes.empty()) return refuse("wants NUMA nodes");
  if (!host.sysctl.empty()) return refuse("sets a sysctl");
  if (!host.boot_parameters.empty()) return refuse("has boot parameters");
  for (const EventSpec& event : scenario.events) {
    if (const std::string_view harm = harm_of(event); !harm.empty()) return refuse(harm);
  }
  for (const ListenerSpec& listener : scenario.listeners) {
    for (const Action& action : listener.then) {
      if (const std::string_view harm = harm_of(action); !harm.empty()) return refuse(harm);
    }
  }
  for (const ProcessSpec& process : scenario.processes) {
    if (process.cgroup == "/") return refuse("has a process outside of its cgroups");
    if (process.mems || process.mempolicy) return refuse("binds a process to a node");
  }
  return {};
}

PathText memory_folder(const Stage& stage, std::string_view cgroup) {
  return folder_below(stage.memory_root, cgroup);
}

PathText cpuset_folder(const Stage& stage, std::string_view cgroup) {
  return folder_below(stage.cpuset_root, cgroup);
}

PathText real_path(const Stage& stage, std::string_view file) {
  const auto parts = split_cgroup_file(file);
  if (!parts) return PathText(file);
  PathText path = parts->file.starts_with("cpuset.") ? cpuset_folder(stage, parts->cgroup)
                                                     : memory_folder(stage, parts->cgroup);
  return path.append("/").append(parts->file);
}

PathText sysctl_path(std::string_view name) {
  PathText path("/proc/sys/");
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    path.append(name.substr(0, dot));
    if (dot == std::string_view::npos) break;
    path.append("/");
    name.remove_prefix(dot + 1);
  }
  return path;
}

PathText data_path(const Stage& stage, std::string_view file) {
  if (file.starts_with('/')) return PathText(file);
  return PathText(stage.files).append("/").append(file);
}

}  // namespace oomkit::guest
