// What a cgroup path says about who owns it: pod, container, runtime, unit, LXC guest.
//
// These are not the kernel's rules but those of the programs that make cgroups: systemd,
// the kubelet, container engines. It lives in this room all the same, for it is what the
// rules here are: a pure function of what the kernel prints (a path, an oom_score_adj),
// needed by explaining, predicting and policies alike, and this is the lowest room that
// they share. A new engine's naming is one more rule in cgroup_identity.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oomkit {

enum class CgroupOwner {
  root,
  kubepods,
  qos_class,
  pod,
  container,
  systemd_unit,
  systemd_slice,
  user_session,
  lxc,
  docker,
  other,
  batch_job,  // Slurm.
  oom_run     // Made by our own `oom run` for one command.
};

struct CgroupIdentity {
  CgroupOwner owner = CgroupOwner::other;
  std::optional<std::string> pod_uid;  // With dashes, however the path spells it.
  std::optional<std::string> container_id;
  std::optional<std::string> runtime;  // "containerd", "cri-o", "docker"
  std::optional<std::string> qos;      // "Guaranteed", "Burstable", "BestEffort"
  std::optional<std::string> unit;     // "mariadb.service", "session-2.scope"
  std::optional<std::string> lxc;      // Guest's name or number.
  std::optional<std::string> user;     // The uid of a user's slice or session.
  std::optional<std::string> job;      // "Slurm job 42 step 0", "ECS task 3f1c..."
};

// `oom_score_adj` (of a task inside) tells the QoS class where the path does not.
CgroupIdentity identify_cgroup(std::string_view path, std::optional<int> oom_score_adj);

// "container c3f1de0d0969 (containerd) of pod 089f25ee-...", "unit mariadb.service".
std::string owner_text(const CgroupIdentity& identity, std::string_view path);

}  // namespace oomkit
