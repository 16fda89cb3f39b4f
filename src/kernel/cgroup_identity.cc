#include "kernel/cgroup_identity.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace oomkit {
namespace {

// Nothing nests deeper in earnest; a hostile path may.
constexpr std::size_t kSegmentsMax = 64;
constexpr std::size_t kNameMax = 256;

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool all(std::string_view text, bool (*test)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

// An id as engines make them: 64 hex digits, 32 at the least.
bool is_container_id(std::string_view text) {
  return text.size() >= 32 && text.size() <= 64 && all(text, is_hex);
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || text.substr(text.size() - suffix.size()) != suffix)
    return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::string bounded(std::string_view text) {
  return std::string(text.substr(0, kNameMax));
}

// 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

// "docker-<id>.scope" and its likes of the systemd cgroup driver.
struct Engine {
  std::string_view prefix;
  std::string_view runtime;
};
constexpr std::array<Engine, 8> kEngines = {{{"cri-containerd-", "containerd"},
                                             {"crio-conmon-", "cri-o"},
                                             {"crio-", "cri-o"},
                                             {"docker-", "docker"},
                                             {"libpod-conmon-", "podman"},
                                             {"libpod-", "podman"},
                                             {"nerdctl-", "containerd"},
                                             {"containerd-", "containerd"}}};

// Reads one path, segment by segment from the root: what comes later is the nearer owner.
class Reader {
 public:
  CgroupIdentity read(std::string_view path) {
    std::size_t count = 0;
    while (!path.empty() && count < kSegmentsMax) {
      const std::size_t slash = path.find('/');
      const std::string_view segment = path.substr(0, slash);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
      if (segment.empty()) continue;
      ++count;
      take_segment(segment);
      previous_ = segment;
    }
    if (count == 0) identity_.owner = CgroupOwner::root;
    return identity_;
  }

 private:
  void take_segment(std::string_view segment) {
    if (take_kubernetes(segment) || take_engine_scope(segment) || take_bare_container(segment) ||
        take_lxc(segment) || take_batch(segment) || take_oom_run(segment) ||
        take_systemd(segment)) {
      return;
    }
    // A cgroup that somebody made inside another owner's still belongs to that owner.
    if (identity_.owner == CgroupOwner::systemd_slice) identity_.owner = CgroupOwner::other;
  }

  bool take_kubernetes(std::string_view segment) {
    // A kubelet with the cgroupfs driver over a runtime with systemd's makes
    // "kubepods-burstable-pod<uid>.slice:cri-containerd:<id>" in one segment.
    const std::size_t colon = segment.find(".slice:cri-containerd:");
    if (colon != std::string_view::npos) {
      const std::string_view id = segment.substr(segment.rfind(':') + 1);
      take_kubernetes(segment.substr(0, colon + 6));
      set_container(id, "containerd");
      return true;
    }
    std::string_view name = segment;
    const bool slice = take_suffix(name, ".slice");
    if (slice) {
      // "kubelet-kubepods-besteffort-pod...": each slice is named with all above it.
      const std::size_t begin = name.rfind("kubepods");
      if (begin == std::string_view::npos) return false;
      name.remove_prefix(begin);
      if (!take_prefix(name, "kubepods")) return false;
      in_kubepods();
      take_prefix(name, "-");
    } else if (name == "kubepods") {
      in_kubepods();
      return true;
    } else if (identity_.pod_uid || (!kubepods_ && !is_pod(segment))) {
      return false;
    }
    const bool below_qos = take_qos(name);
    if (slice) take_prefix(name, "-");
    if (take_prefix(name, "pod") && !name.empty()) {
      set_pod(name);
      return true;
    }
    return slice || below_qos;
  }

  static bool is_pod(std::string_view segment) {
    return take_prefix(segment, "pod") && is_uuid(segment);
  }

  void in_kubepods() {
    kubepods_ = true;
    if (!identity_.pod_uid && identity_.owner != CgroupOwner::qos_class) {
      identity_.owner = CgroupOwner::kubepods;
    }
  }

  bool take_qos(std::string_view& name) {
    if (take_prefix(name, "burstable")) {
      identity_.qos = "Burstable";
    } else if (take_prefix(name, "besteffort")) {
      identity_.qos = "BestEffort";
    } else if (take_prefix(name, "guaranteed")) {
      identity_.qos = "Guaranteed";
    } else {
      return false;
    }
    identity_.owner = CgroupOwner::qos_class;
    return true;
  }

  void set_pod(std::string_view uid) {
    std::string text = bounded(uid);
    std::replace(text.begin(), text.end(), '_', '-');
    identity_.pod_uid = std::move(text);
    identity_.owner = CgroupOwner::pod;
    // Guaranteed pods are made beside the two classes, not in one of their own. A kubelet
    // without classes (cgroups-per-qos off) has no kubepods either.
    if (!identity_.qos && kubepods_) identity_.qos = "Guaranteed";
  }

  void set_container(std::string_view id, std::string_view runtime) {
    identity_.container_id = bounded(id);
    if (!runtime.empty()) identity_.runtime = std::string(runtime);
    const bool plain_docker = runtime == "docker" && !identity_.pod_uid && !identity_.job;
    identity_.owner = plain_docker ? CgroupOwner::docker : CgroupOwner::container;
    identity_.unit.reset();
  }

  bool take_engine_scope(std::string_view segment) {
    // podman without systemd leaves the ".scope" out.
    const bool scope = take_suffix(segment, ".scope");
    for (const Engine& engine : kEngines) {
      std::string_view id = segment;
      if (!take_prefix(id, engine.prefix) || !is_container_id(id)) continue;
      if (!scope && engine.runtime != "podman") return false;
      set_container(id, engine.runtime);
      return true;
    }
    return false;
  }

  bool take_bare_container(std::string_view segment) {
    if (identity_.pod_uid && !identity_.container_id && is_container_id(segment)) {
      set_container(segment, "");
      return true;
    }
    if (previous_ == "docker" && is_container_id(segment)) {
      set_container(segment, "docker");
      return true;
    }
    if (previous_ == "ecs" || in_ecs_) return take_ecs(segment);
    return false;
  }

  // "/ecs/<task>/<container>", with the cluster's name before the task in newer agents.
  bool take_ecs(std::string_view segment) {
    in_ecs_ = true;
    const std::size_t dash = segment.find('-');
    if (identity_.job && is_container_id(segment.substr(0, std::min(dash, segment.size())))) {
      set_container(segment, "");
    } else {
      identity_.job = "ECS task " + bounded(segment);
      identity_.owner = CgroupOwner::other;
    }
    return true;
  }

  bool take_lxc(std::string_view segment) {
    std::string_view name = segment;
    const bool below = previous_ == "lxc" || previous_ == "lxc.payload";
    const bool dotted = take_prefix(name, "lxc.payload.");
    const bool numbered =
        segment.size() > 3 && segment.substr(0, 3) == "LXC" && all(segment.substr(3), is_digit);
    if (!below && !dotted && !numbered) return false;
    identity_.lxc = bounded(name);
    identity_.owner = CgroupOwner::lxc;
    return true;
  }

  // Slurm: "/slurm/uid_1000/job_42/step_0/task_1", "slurmstepd.scope/job_42/step_0/user".
  bool take_batch(std::string_view segment) {
    if (segment == "slurm" || take_prefix(segment, "slurmstepd") ||
        take_prefix(segment, "slurm_")) {
      in_slurm_ = true;
      return true;
    }
    if (!in_slurm_) return false;
    if (take_prefix(segment, "uid_")) {
      identity_.user = bounded(segment);
    } else if (take_prefix(segment, "job_")) {
      identity_.job = "Slurm job " + bounded(segment);
      identity_.owner = CgroupOwner::batch_job;
    } else if (identity_.job && take_prefix(segment, "step_")) {
      *identity_.job += " step " + bounded(segment);
    }
    return true;
  }

  // "oomkit-run-4711-1": the pid of `oom run`, and a number.
  bool take_oom_run(std::string_view segment) {
    if (!take_prefix(segment, "oomkit-run-")) return false;
    const std::string_view pid = segment.substr(0, segment.find('-'));
    const std::string_view number = segment.substr(std::min(pid.size() + 1, segment.size()));
    if (pid.empty() || number.empty() || !all(pid, is_digit) || !all(number, is_digit))
      return false;
    identity_.job = "oom run " + bounded(pid);
    identity_.owner = CgroupOwner::oom_run;
    return true;
  }

  bool take_systemd(std::string_view segment) {
    std::string_view name = segment;
    if (take_suffix(name, ".slice")) {
      if (take_prefix(name, "user-") && all(name, is_digit)) {
        identity_.user = bounded(name);
        identity_.owner = CgroupOwner::user_session;
      } else if (!nested()) {
        identity_.unit = bounded(segment);
        identity_.owner = identity_.user ? CgroupOwner::user_session : CgroupOwner::systemd_slice;
      }
      return true;
    }
    constexpr std::array<std::string_view, 4> kUnits = {".service", ".scope", ".socket", ".mount"};
    const bool unit = std::any_of(kUnits.begin(), kUnits.end(), [&](std::string_view suffix) {
      return take_suffix(name, suffix);
    });
    if (!unit) return false;
    // systemd inside a container keeps its own tree; the container stays the owner.
    identity_.unit = bounded(segment);
    if (nested()) return true;
    identity_.owner = identity_.user ? CgroupOwner::user_session : CgroupOwner::systemd_unit;
    return true;
  }

  bool nested() const {
    return identity_.container_id || identity_.pod_uid || identity_.lxc || identity_.job;
  }

  CgroupIdentity identity_;
  std::string_view previous_;
  bool kubepods_ = false;
  bool in_ecs_ = false;
  bool in_slurm_ = false;
};

// The kubelet's own arithmetic: pkg/kubelet/qos/policy.go.
std::optional<std::string> qos_of_adj(int adj) {
  if (adj == -997 || adj == -998) return "Guaranteed";
  if (adj == 1000) return "BestEffort";
  if (adj >= 2 && adj <= 999) return "Burstable";
  return std::nullopt;
}

std::string short_id(const std::string& id) {
  return id.substr(0, 12);
}

std::string container_text(const CgroupIdentity& identity) {
  std::string text = "container " + short_id(*identity.container_id);
  if (identity.runtime) text += " (" + *identity.runtime + ")";
  if (identity.pod_uid) text += " of pod " + *identity.pod_uid;
  if (identity.job) text += " of " + *identity.job;
  if (identity.lxc) text += " in LXC guest " + *identity.lxc;
  return text;
}

}  // namespace

CgroupIdentity identify_cgroup(std::string_view path, std::optional<int> oom_score_adj) {
  CgroupIdentity identity = Reader().read(path);
  const bool in_pod = identity.pod_uid.has_value();
  if (in_pod && !identity.qos && oom_score_adj) identity.qos = qos_of_adj(*oom_score_adj);
  return identity;
}

std::string owner_text(const CgroupIdentity& identity, std::string_view path) {
  switch (identity.owner) {
    case CgroupOwner::root:
      return "the whole host";
    case CgroupOwner::kubepods:
      return "all pods of the node";
    case CgroupOwner::qos_class:
      return "all " + identity.qos.value_or("") + " pods of the node";
    case CgroupOwner::pod:
      return "pod " + identity.pod_uid.value_or("");
    case CgroupOwner::container:
    case CgroupOwner::docker:
      return container_text(identity);
    case CgroupOwner::systemd_unit:
      return "unit " + identity.unit.value_or("");
    case CgroupOwner::systemd_slice:
      return "slice " + identity.unit.value_or("");
    case CgroupOwner::user_session:
      return (identity.unit ? *identity.unit + " of user " : "all of user ") +
             identity.user.value_or("");
    case CgroupOwner::lxc:
      return "LXC guest " + identity.lxc.value_or("") +
             (identity.unit ? ", unit " + *identity.unit : "");
    case CgroupOwner::oom_run:
      return "the command's cgroup (" + identity.job.value_or("") + ")";
    case CgroupOwner::batch_job:
      return identity.job.value_or("") + (identity.user ? " of user " + *identity.user : "");
    case CgroupOwner::other:
      break;
  }
  return identity.job ? *identity.job : "cgroup " + bounded(path);
}

}  // namespace oomkit
