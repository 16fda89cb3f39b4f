// Who else kills: daemons that act before the kernel does, and whether two act at once.
#include <algorithm>
#include <array>

#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"

namespace oomkit::doctor {
namespace {

struct KillerProgram {
  std::string_view comm;        // At most 15 bytes.
  std::string_view unit;        // Of a script the interpreter is what runs: its unit tells.
  bool needs_pressure = false;  // Acts on PSI and cgroups of version 2, or not at all.
};
constexpr std::array<KillerProgram, 8> kKillers = {{
    {"earlyoom", "earlyoom.service", false},
    {"nohang", "nohang.service", false},
    {"nohang-desktop", "nohang-desktop.service", false},
    {"oomd", "oomd.service", true},
    {"systemd-oomd", "systemd-oomd.service", true},
    {"lmkd", "lmkd.service", true},
    {"bustd", "bustd.service", true},
    {"psi-monitor", "psi-monitor.service", true},
}};

bool runs(const Facts& facts, const KillerProgram& killer) {
  if (facts.runs(killer.comm)) return true;
  for (std::size_t i = 0; i < facts.snapshot().tasks.size(); ++i) {
    const MemcgNode* const memcg = facts.memcg_of(i);
    if (memcg == nullptr) continue;
    const std::string_view path = memcg->path;
    if (path.substr(path.rfind('/') + 1) == killer.unit) return true;
  }
  return false;
}

}  // namespace

std::optional<Diagnosis> check_killers(const Facts& facts) {
  if (!facts.has_processes()) return not_known("No process can be read: who else kills.");
  std::vector<std::string> running;
  std::vector<const KillerProgram*> found;
  for (const KillerProgram& killer : kKillers) {
    if (!runs(facts, killer)) continue;
    running.emplace_back(killer.comm);
    found.push_back(&killer);
  }
  Diagnosis check;
  check.numbers.add("running", static_cast<std::int64_t>(running.size()));
  if (found.empty()) {
    check.value = "none: the kernel alone decides";
    return check;
  }
  check.value = list_text(running);
  if (found.size() > 1) {
    check.status = CheckStatus::warning;
    check.why =
        "They do not know of each other: in one shortage each kills somebody, the second "
        "while the first one's victim is still giving back its memory. One is enough.";
    // Those after the first, for somebody to choose from.
    for (std::size_t i = 1; i < found.size(); ++i)
      check.fix.push_back(text_of(
          {"systemctl disable --now ", found[i]->unit,
           i == 1 ? "   # or keep this one, and disable " + running.front() : std::string()}));
    return check;
  }
  const auto& host = facts.snapshot().host_state;
  const KillerProgram& only = *found.front();
  if (!only.needs_pressure || !host) return check;
  if (!host->pressure_memory && facts.boot_options_known()) {
    check.status = CheckStatus::warning;
    check.value += " runs, and there is no pressure (PSI) to act on";
    check.why = "It waits for what never comes: the kernel's OOM killer alone decides.";
    check.fix = {"# put psi=1 on the kernel's command line and reboot"};
  } else if (host->cgroup_layout && *host->cgroup_layout != CgroupLayout::v2 &&
             only.comm != "bustd" && only.comm != "lmkd") {
    check.status = CheckStatus::warning;
    check.value += " runs, and the memory controller is not version 2";
    check.why = "It acts on cgroups of version 2 alone: the kernel's OOM killer decides.";
    if (facts.systemd_is_init())
      check.fix = {
          "# put systemd.unified_cgroup_hierarchy=1 on the kernel's command line and reboot"};
  }
  return check;
}

}  // namespace oomkit::doctor
