// What the kernel does when nothing is left: kill the worst, whoever asks, or panic.
#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"

namespace oomkit::doctor {
namespace {

bool any_memcg_limit(const Facts& facts) {
  if (!facts.snapshot().memcgs) return false;
  for (const MemcgNode& memcg : facts.snapshot().memcgs->nodes) {
    if (memcg.limit && memcg.limit->size) return true;
  }
  return false;
}

std::string after_panic(std::optional<std::int64_t> seconds) {
  if (!seconds) return "";
  if (*seconds == 0) return " It then stands still until somebody resets it (kernel.panic=0).";
  if (*seconds < 0)
    return " It then reboots at once (kernel.panic=" + std::to_string(*seconds) + ").";
  return " It then reboots after " + std::to_string(*seconds) + " s (kernel.panic).";
}

}  // namespace

std::optional<Diagnosis> check_panic_on_oom(const Facts& facts) {
  const auto mode = facts.sysctl("vm.panic_on_oom");
  if (!mode)
    return not_known(
        "vm.panic_on_oom cannot be read: whether the machine panics "
        "instead of killing.");
  const auto reboot = facts.sysctl("kernel.panic");
  Diagnosis check;
  check.numbers.add("panic_on_oom", *mode);
  if (reboot) check.numbers.add("kernel_panic_s", *reboot);
  if (*mode == 0) {
    check.value = "0: a process dies, not the machine";
    return check;
  }
  check.fix = set_sysctl("vm.panic_on_oom", 0);
  const bool stays_down = reboot == 0;
  if (*mode >= 2) {
    check.status =
        any_memcg_limit(facts) || stays_down ? CheckStatus::critical : CheckStatus::warning;
    check.value = std::to_string(*mode) + ": even a cgroup at its limit panics the machine";
    check.why =
        "A container that meets its own limit takes the whole host down, with gigabytes "
        "free." +
        after_panic(reboot);
    return check;
  }
  check.status = stays_down ? CheckStatus::critical : CheckStatus::warning;
  check.value = "1: the machine panics when it runs out of memory";
  check.why = "Every process of the host is lost instead of one." + after_panic(reboot) +
              " That is right only where another machine takes over.";
  return check;
}

std::optional<Diagnosis> check_allocating_task(const Facts& facts) {
  const auto mode = facts.sysctl("vm.oom_kill_allocating_task");
  if (!mode)
    return not_known(
        "vm.oom_kill_allocating_task cannot be read: whether the largest "
        "dies, or whoever asks.");
  Diagnosis check;
  check.numbers.add("oom_kill_allocating_task", *mode);
  if (*mode == 0) {
    check.value = "0: the worst dies, not whoever asks";
    return check;
  }
  check.status = CheckStatus::warning;
  check.value = std::to_string(*mode) + ": whoever asks at the wrong moment dies";
  check.why =
      "When the host is short, the kernel kills the process that happens to allocate, "
      "however small it is, and again and again until the large one is hit. Scores count "
      "for nothing but -1000.";
  check.fix = set_sysctl("vm.oom_kill_allocating_task", 0);
  return check;
}

std::optional<Diagnosis> check_dump_tasks(const Facts& facts) {
  const auto mode = facts.sysctl("vm.oom_dump_tasks");
  if (!mode)
    return not_known(
        "vm.oom_dump_tasks cannot be read: whether a report lists the "
        "processes.");
  Diagnosis check;
  check.numbers.add("oom_dump_tasks", *mode);
  if (*mode != 0) {
    check.value = "1: a report lists all processes";
    return check;
  }
  check.status = CheckStatus::notice;
  check.value = "0: reports come without the task table";
  check.why =
      "Afterwards nobody can tell who held the memory, nor why the victim was chosen: "
      "\"oom explain\" has no ranking.";
  check.fix = set_sysctl("vm.oom_dump_tasks", 1);
  return check;
}

}  // namespace oomkit::doctor
