#include "explain/owners.h"

#include "explain/words.h"

namespace oomkit {
namespace {

constexpr std::string_view kLimitFileV1 = "memory.limit_in_bytes";
constexpr std::string_view kLimitFileV2 = "memory.max";

bool is_v1(const Context& context) {
  return context.memcg != nullptr && context.memcg->version == 1;
}

// Commands are there to be pasted into a shell, and a path may hold anything.
bool safe_to_paste(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._:-";
  return !word.empty() && word[0] != '-' &&
         word.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string file_knob(const Context& context) {
  const bool named = context.memcg != nullptr && context.memcg->oom_path;
  const bool known = context.memcg != nullptr && context.memcg->version;
  const std::string_view file = is_v1(context) ? kLimitFileV1 : kLimitFileV2;
  return text_of({known ? file : std::string_view("the memory limit"), " of ",
                  named ? std::string_view(*context.memcg->oom_path) : "the group"});
}

std::string unit_knob(const Context& context, const CgroupIdentity& owner) {
  // MemoryLimit= is v1's name for it.
  return text_of({is_v1(context) ? "MemoryLimit= of " : "MemoryMax= of ",
                  owner.unit ? std::string_view(*owner.unit) : std::string_view("the unit")});
}

}  // namespace

std::string limit_owner_text(const Context& context) {
  if (!context.said.limit_owner || context.memcg == nullptr || !context.memcg->oom_path) {
    return "a memory cgroup that the log does not name";
  }
  return owner_text(*context.said.limit_owner, *context.memcg->oom_path);
}

std::string victim_owner_text(const Context& context) {
  if (!context.said.victim_owner || context.memcg == nullptr || !context.memcg->task_path) {
    return "a cgroup that the log does not name";
  }
  return owner_text(*context.said.victim_owner, *context.memcg->task_path);
}

std::string owner_kind(const std::optional<CgroupIdentity>& identity) {
  if (!identity) return "group";
  switch (identity->owner) {
    case CgroupOwner::container:
    case CgroupOwner::docker:
      return "container";
    case CgroupOwner::pod:
      return "pod";
    case CgroupOwner::lxc:
      return "guest";
    case CgroupOwner::systemd_unit:
    case CgroupOwner::systemd_slice:
    case CgroupOwner::user_session:
      return identity->unit ? text_of({"unit ", *identity->unit}) : std::string("unit");
    case CgroupOwner::batch_job:
      return "job";
    case CgroupOwner::oom_run:
      return "command";
    case CgroupOwner::root:
    case CgroupOwner::kubepods:
    case CgroupOwner::qos_class:
    case CgroupOwner::other:
      break;
  }
  return "group";
}

std::string limit_knob(const Context& context) {
  if (!context.said.limit_owner) return file_knob(context);
  const CgroupIdentity& owner = *context.said.limit_owner;
  switch (owner.owner) {
    case CgroupOwner::container:
      if (owner.pod_uid) return "resources.limits.memory of the container";
      return "the container's memory limit (--memory)";
    case CgroupOwner::docker:
      return "the container's memory limit (docker update --memory)";
    case CgroupOwner::pod:
      return "the pod's memory limit (the sum of its containers' resources.limits.memory)";
    case CgroupOwner::kubepods:
      return "the node's allocatable memory (kubelet: kubeReserved, systemReserved)";
    case CgroupOwner::qos_class:
      return "the share of the QoS class (kubelet: qosReserved)";
    case CgroupOwner::systemd_unit:
    case CgroupOwner::systemd_slice:
    case CgroupOwner::user_session:
      return unit_knob(context, owner);
    case CgroupOwner::lxc:
      return "the guest's memory (lxc.cgroup2.memory.max, lxc.cgroup.memory.limit_in_bytes)";
    case CgroupOwner::batch_job:
      return "the memory that the job asked for (Slurm: --mem)";
    case CgroupOwner::oom_run:
      return "--memory of oom run";
    case CgroupOwner::root:
    case CgroupOwner::other:
      break;
  }
  return file_knob(context);
}

std::vector<std::string> owner_commands(const CgroupIdentity& identity) {
  std::vector<std::string> commands;
  if (identity.pod_uid && safe_to_paste(*identity.pod_uid)) {
    commands.push_back(
        text_of({"which pod: kubectl get pods -A -o custom-columns=NS:.metadata.namespace,"
                 "POD:.metadata.name,UID:.metadata.uid | grep ",
                 *identity.pod_uid}));
  }
  if (identity.container_id && safe_to_paste(*identity.container_id)) {
    const bool docker = identity.runtime == "docker";
    commands.push_back(text_of({"which container: ", docker ? "docker inspect " : "crictl inspect ",
                                identity.container_id->substr(0, 12)}));
  }
  const bool contained = identity.pod_uid || identity.container_id;
  if (identity.unit && !contained && safe_to_paste(*identity.unit)) {
    commands.push_back(text_of({"which unit: systemctl status ", *identity.unit}));
  }
  return commands;
}

bool is_below(const std::string& path, const std::string& ancestor) {
  if (ancestor == "/") return path.size() > 1 && path[0] == '/';
  return path.size() > ancestor.size() + 1 && path.compare(0, ancestor.size(), ancestor) == 0 &&
         path[ancestor.size()] == '/';
}

bool limit_is_of_ancestor(const Context& context) {
  return context.scope == Scope::memcg && context.memcg != nullptr && context.memcg->oom_path &&
         context.memcg->task_path && is_below(*context.memcg->task_path, *context.memcg->oom_path);
}

std::optional<std::string> pod_name_of(const std::vector<std::string>& pod_directories,
                                       const std::string& pod_uid) {
  // No part of a name in Kubernetes has an underscore: the first and last one are ours.
  for (const std::string& directory : pod_directories) {
    const std::size_t first = directory.find('_');
    const std::size_t last = directory.rfind('_');
    if (first == std::string::npos || first == last) continue;
    if (directory.compare(last + 1, std::string::npos, pod_uid) != 0) continue;
    return text_of(
        {directory.substr(0, first), "/", directory.substr(first + 1, last - first - 1)});
  }
  return std::nullopt;
}

}  // namespace oomkit
