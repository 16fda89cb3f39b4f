#include "doctor/catalogue.h"

#include <algorithm>
#include <array>
#include <utility>

#include "doctor/checks.h"

namespace oomkit {
namespace {

// In the order in which those of one severity are shown.
constexpr std::array<CheckEntry, 26> kChecks = {{
    {"headroom", "memory that is left before the watermarks", doctor::check_headroom},
    {"pressure", "time that tasks lose waiting for memory (PSI)", doctor::check_pressure},
    {"past-kills", "kills since boot, by counters and log", doctor::check_past_kills},
    {"panic-on-oom", "vm.panic_on_oom, kernel.panic", doctor::check_panic_on_oom},
    {"killable", "that somebody can be killed, and with enough memory", doctor::check_killable},
    {"important", "what must live: who of it dies first", doctor::check_important},
    {"killers", "user-space killers, and whether two fight", doctor::check_killers},
    {"overcommit", "vm.overcommit_*: what is promised", doctor::check_overcommit},
    {"reserves", "admin_reserve_kbytes, user_reserve_kbytes", doctor::check_reserves},
    {"swap", "swap: there, full, in the right order", doctor::check_swap},
    {"zram", "compressed swap: what it costs and gains", doctor::check_zram},
    {"swappiness", "vm.swappiness against the kind of swap", doctor::check_swappiness},
    {"min-free", "vm.min_free_kbytes", doctor::check_min_free},
    {"watermarks", "vm.watermark_scale_factor and direct reclaim", doctor::check_watermarks},
    {"allocating-task", "vm.oom_kill_allocating_task", doctor::check_allocating_task},
    {"dump-tasks", "vm.oom_dump_tasks", doctor::check_dump_tasks},
    {"cgroups", "version of the memory controller", doctor::check_cgroup_version},
    {"delegation", "memory controller in user sessions", doctor::check_delegation},
    {"oom-disabled", "oom_kill_disable of version 1", doctor::check_oom_disabled},
    {"memcg-full", "cgroups at their limit", doctor::check_memcg_full},
    {"memcg-above-host", "limits that cannot be met", doctor::check_memcg_above_host},
    {"memcg-high", "memory.high without a limit above it", doctor::check_memcg_high},
    {"memcg-group", "memory.oom.group of services", doctor::check_memcg_group},
    {"memcg-swap", "cgroups that may not swap", doctor::check_memcg_swap},
    {"cores", "core_pattern and RLIMIT_CORE", doctor::check_cores},
    {"kdump", "a crash kernel, should this one panic", doctor::check_kdump},
}};

// What is wrong first, then what nobody knows, then what is fine.
int rank_of(const Diagnosis& check) {
  if (!check.known) return 3;
  switch (check.status) {
    case CheckStatus::critical:
      return 0;
    case CheckStatus::warning:
      return 1;
    case CheckStatus::notice:
      return 2;
    case CheckStatus::ok:
      break;
  }
  return 4;
}

}  // namespace

std::span<const CheckEntry> check_catalogue() {
  return kChecks;
}

std::string_view name_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::ok:
      return "ok";
    case CheckStatus::notice:
      return "notice";
    case CheckStatus::warning:
      return "warning";
    case CheckStatus::critical:
      break;
  }
  return "critical";
}

std::uint64_t DoctorReport::count(CheckStatus status) const {
  return static_cast<std::uint64_t>(std::count_if(
      checks.begin(), checks.end(),
      [status](const Diagnosis& check) { return check.known && check.status == status; }));
}

std::uint64_t DoctorReport::unknown() const {
  return static_cast<std::uint64_t>(std::count_if(
      checks.begin(), checks.end(), [](const Diagnosis& check) { return !check.known; }));
}

DoctorReport examine(const DoctorInput& input) {
  const Facts facts(input);
  DoctorReport report;
  for (const CheckEntry& entry : kChecks) {
    std::optional<Diagnosis> check = entry.run(facts);
    if (!check) continue;
    check->id = entry.id;
    report.checks.push_back(std::move(*check));
  }
  std::stable_sort(report.checks.begin(), report.checks.end(),
                   [](const Diagnosis& a, const Diagnosis& b) { return rank_of(a) < rank_of(b); });
  return report;
}

namespace doctor {

Diagnosis not_known(std::string why) {
  Diagnosis check;
  check.status = CheckStatus::notice;
  check.known = false;
  check.why = std::move(why);
  return check;
}

}  // namespace doctor
}  // namespace oomkit
