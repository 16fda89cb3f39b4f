#include "scenario/cgroup_files.h"

#include <algorithm>
#include <array>

#include "core/diagnostic.h"

namespace oomkit {
namespace {

// mm/memcontrol.c (memory_files, swap_files) and kernel/cgroup/, as of 7.2.
constexpr std::array<std::string_view, 19> kV2 = {
    "memory.max",       "memory.high",      "memory.low",
    "memory.min",       "memory.oom.group", "memory.swap.max",
    "memory.swap.high", "memory.zswap.max", "memory.zswap.writeback",
    "memory.reclaim",   "memory.peak",      "cgroup.subtree_control",
    "cgroup.freeze",    "cgroup.kill",      "cgroup.procs",
    "cpuset.mems",      "cpuset.cpus",      "cpuset.cpus.partition",
    "pids.max"};

// mm/memcontrol-v1.c (mem_cgroup_legacy_files, memsw_files).
constexpr std::array<std::string_view, 23> kV1 = {"memory.limit_in_bytes",
                                                  "memory.memsw.limit_in_bytes",
                                                  "memory.soft_limit_in_bytes",
                                                  "memory.kmem.limit_in_bytes",
                                                  "memory.kmem.tcp.limit_in_bytes",
                                                  "memory.oom_control",
                                                  "memory.swappiness",
                                                  "memory.use_hierarchy",
                                                  "memory.failcnt",
                                                  "memory.max_usage_in_bytes",
                                                  "memory.force_empty",
                                                  "memory.move_charge_at_immigrate",
                                                  "cgroup.event_control",
                                                  "cgroup.procs",
                                                  "notify_on_release",
                                                  "cpuset.mems",
                                                  "cpuset.cpus",
                                                  "cpuset.memory_migrate",
                                                  "cpuset.mem_hardwall",
                                                  "cpuset.mem_exclusive",
                                                  "cpuset.cpu_exclusive",
                                                  "cpuset.memory_spread_page",
                                                  "tasks"};

// What each generation calls the same thing.
struct Counterpart {
  std::string_view v1;
  std::string_view v2;
};
constexpr std::array<Counterpart, 5> kCounterparts = {{
    {"memory.limit_in_bytes", "memory.max"},
    {"memory.memsw.limit_in_bytes", "memory.swap.max"},
    {"memory.soft_limit_in_bytes", "memory.low"},
    {"memory.force_empty", "memory.reclaim"},
    {"memory.oom_control", "memory.oom.group"},
}};

}  // namespace

bool is_cgroup_file(CgroupVersion version, std::string_view file) {
  if (version == CgroupVersion::v2) return std::find(kV2.begin(), kV2.end(), file) != kV2.end();
  return std::find(kV1.begin(), kV1.end(), file) != kV1.end();
}

std::string cgroup_file_hint(CgroupVersion version, std::string_view file) {
  const bool v2 = version == CgroupVersion::v2;
  for (const Counterpart& pair : kCounterparts) {
    if (v2 && file == pair.v1) return "that is cgroup v1; v2 has " + std::string(pair.v2);
    if (!v2 && file == pair.v2) return "that is cgroup v2; v1 has " + std::string(pair.v1);
  }
  const std::string_view meant = v2 ? nearest(file, kV2) : nearest(file, kV1);
  const bool limit = meant == "memory.max" || meant == "memory.limit_in_bytes";
  if (!meant.empty() && !limit) return "did you mean \"" + std::string(meant) + "\"?";
  return v2 ? "cgroup v2 has memory.max (limit) and memory.high (throttle)"
            : "cgroup v1 has memory.limit_in_bytes (limit) and memory.oom_control";
}

}  // namespace oomkit
