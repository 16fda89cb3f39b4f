// Which memory controller is in charge, and who may use it.
#include <algorithm>

#include "core/lines.h"
#include "core/text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {
namespace {

// The uid of ".../user-1000.slice"; nothing for other paths, or what is below it.
std::optional<std::int64_t> user_of_slice(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  Cursor cursor(slash == std::string_view::npos ? path : path.substr(slash + 1));
  if (!cursor.take("user-")) return std::nullopt;
  const auto uid = cursor.take_integer<std::int64_t>();
  return uid && cursor.rest() == ".slice" ? uid : std::nullopt;
}

}  // namespace

std::optional<Diagnosis> check_cgroup_version(const Facts& facts) {
  const auto& host = facts.snapshot().host_state;
  Diagnosis check;
  if (!host || !host->cgroup_layout) {
    const auto disabled = facts.boot_option("cgroup_disable");
    if (!disabled || !list_has(*disabled, "memory"))
      return not_known("No memory controller is mounted, or none is visible from here.");
    check.status = CheckStatus::warning;
    check.value = "none: cgroup_disable=memory on the kernel's command line";
    check.why = "Nothing can be limited or protected: every shortage is the whole host's.";
    check.fix = {"# take cgroup_disable=memory off the kernel's command line and reboot"};
    return check;
  }
  if (*host->cgroup_layout == CgroupLayout::v2) {
    check.value = "version 2";
    return check;
  }
  check.status = CheckStatus::notice;
  check.value = *host->cgroup_layout == CgroupLayout::v1
                    ? "version 1"
                    : "hybrid: the memory controller is in version 1";
  check.why =
      "Without memory.high, memory.low and memory.oom.group nothing can be slowed, "
      "protected or killed as a whole, cgroups have no pressure, and systemd-oomd and "
      "sessions of users cannot work with it.";
  // The first LTS with all of these files.
  if (facts.systemd_is_init() && facts.version() && facts.since({5, 4, 0})) {
    check.fix = {
        "# put systemd.unified_cgroup_hierarchy=1 on the kernel's command line and reboot"};
  }
  return check;
}

std::optional<Diagnosis> check_delegation(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs) return not_known("No memory controller is visible: whether users have it.");
  std::vector<std::int64_t> with, without;
  std::vector<std::string> seen;
  bool untold = false;
  for (const MemcgNode& memcg : memcgs->nodes) {
    const auto uid = user_of_slice(memcg.path);
    if (!uid) continue;
    untold |= memcgs->version == 2 && !memcg.children_controlled;
    const bool delegated = memcgs->version == 2 && memcg.children_controlled == true;
    (delegated ? with : without).push_back(*uid);
  }
  if (with.empty() && without.empty()) return std::nullopt;
  if (untold) {
    return not_known(
        "cgroup.subtree_control of a user's slice cannot be read: whether its "
        "session has the memory controller.");
  }
  Diagnosis check;
  check.numbers.add("users_with", static_cast<std::int64_t>(with.size()));
  check.numbers.add("users_without", static_cast<std::int64_t>(without.size()));
  if (without.empty()) {
    check.value = count_text(static_cast<std::int64_t>(with.size()), "user") +
                  " can limit and protect their own programs";
    return check;
  }
  check.status = CheckStatus::notice;
  check.value = "users without the memory controller: " + std::to_string(without.front());
  if (without.size() > 1) check.value += " and " + std::to_string(without.size() - 1) + " more";
  check.why = memcgs->version == 1
                  ? "With version 1 nothing can be handed to users: a program of a session can "
                    "take all memory of the host."
                  : "A program of such a session cannot be limited by its user, \"oom run\" works "
                    "for root only, and a runaway tab takes the whole session down.";
  if (memcgs->version == 2 && facts.systemd_is_init()) {
    check.fix = {"mkdir -p /etc/systemd/system/user@.service.d",
                 "printf '[Service]\\nDelegate=memory pids cpu\\n' "
                 ">/etc/systemd/system/user@.service.d/50-oomkit.conf",
                 "systemctl daemon-reload   # for sessions that begin afterwards"};
  }
  return check;
}

std::optional<Diagnosis> check_oom_disabled(const Facts& facts) {
  const auto& memcgs = facts.snapshot().memcgs;
  if (!memcgs || memcgs->version != 1) return std::nullopt;
  const MemcgNode* found = nullptr;
  std::int64_t disabled = 0;
  std::int64_t waiting = 0;
  bool told = false;
  for (const MemcgNode& memcg : memcgs->nodes) {
    told |= memcg.oom_kill_disable.has_value();
    if (memcg.oom_kill_disable != true) continue;
    ++disabled;
    const bool waits = memcg.under_oom == true;
    if (found == nullptr || (waits && waiting == 0)) found = &memcg;
    waiting += waits ? 1 : 0;
  }
  if (!told) return not_known("memory.oom_control of no cgroup can be read.");
  Diagnosis check;
  check.numbers.add("disabled", disabled);
  check.numbers.add("waiting", waiting);
  if (found == nullptr) {
    check.value = "no cgroup has its OOM killer off";
    check.absent = true;
    return check;
  }
  check.status = waiting > 0 ? CheckStatus::critical : CheckStatus::warning;
  check.value =
      text_of({count_text(disabled, "cgroup"), " with the OOM killer off: ", found->path});
  check.why = waiting > 0
                  ? "Its tasks stand still at this moment, and will until somebody frees memory or "
                    "kills one of them."
                  : "At their limit tasks stand still instead of dying, holding locks that others "
                    "wait for, until somebody sees it.";
  const auto path = shell_word("/sys/fs/cgroup/memory" + found->path + "/memory.oom_control");
  if (path) check.fix = {"echo 0 >" + *path};
  return check;
}

}  // namespace oomkit::doctor
