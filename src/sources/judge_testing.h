// What our rules give for a snapshot, beside what its kernel said in the same snapshot: used by
// the tests over this machine and over captured ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernel/badness.h"
#include "kernel/overcommit.h"
#include "kernel/zone_levels.h"
#include "model/snapshot.h"

namespace oomkit {

inline Pages meminfo_pages(const Snapshot& snapshot, const char* name) {
  return floor_pages(to_bytes(snapshot.host_state->meminfo.find(name).value()),
                     *snapshot.page_size);
}

inline std::int64_t sysctl_of(const Snapshot& snapshot, const char* name, std::int64_t otherwise) {
  return snapshot.host_state->sysctl.find(name).value_or(otherwise);
}

// Our /proc/PID/oom_score of one task, minus the kernel's. Absent if either is unknown.
inline std::optional<std::int64_t> score_difference(const Snapshot& snapshot, std::size_t index,
                                                    const KernelVersion& version) {
  BadnessContext context;
  context.totalpages = meminfo_pages(snapshot, "MemTotal") + meminfo_pages(snapshot, "SwapTotal");
  context.page_size = *snapshot.page_size;
  context = judged_by(version, context);
  const auto ours = badness(snapshot.tasks[index], context);
  const auto kernel = snapshot.task_states[index].oom_score;
  if (!ours || !kernel) return std::nullopt;
  return oom_score(ours->points, ours->unkillable.has_value(), context.rule, context.totalpages) -
         *kernel;
}

inline Pages our_commit_limit(const Snapshot& snapshot) {
  OvercommitHost host;
  host.page_size = *snapshot.page_size;
  host.ram = meminfo_pages(snapshot, "MemTotal");
  host.swap = meminfo_pages(snapshot, "SwapTotal");
  host.ratio = static_cast<int>(sysctl_of(snapshot, "vm.overcommit_ratio", 50));
  host.overcommit = KiB(sysctl_of(snapshot, "vm.overcommit_kbytes", 0));
  if (const auto huge = snapshot.host_state->meminfo.find("Hugetlb"))
    host.hugetlb = floor_pages(to_bytes(*huge), host.page_size);
  return commit_limit(host);
}

inline Pages zone_pages(const Snapshot& snapshot, const Zone& zone, const char* name) {
  return floor_pages(to_bytes(zone.find(name).value()), *snapshot.page_size);
}

// The levels of each zone of the snapshot, from its settings. min_free_kbytes must be known.
inline std::vector<ZoneLevels> our_levels(const Snapshot& snapshot, const KernelVersion& version) {
  std::vector<ManagedZone> zones;
  for (const Zone& zone : snapshot.host_memory->zones)
    zones.push_back({zone.node.value_or(0), zone.name, zone_pages(snapshot, zone, "managed")});
  ZoneSettings settings;
  settings.page_size = *snapshot.page_size;
  settings.min_free = KiB(sysctl_of(snapshot, "vm.min_free_kbytes", 0));
  settings.scale_factor = static_cast<int>(sysctl_of(snapshot, "vm.watermark_scale_factor", 10));
  return zone_levels(zones, settings, version);
}

// MemAvailable from the terms that `host`, a reading of /proc/meminfo, has, minus what it says
// itself. What is kept back of all zones is summed as the kernel does, from the levels in effect.
inline Pages available_difference(const Snapshot& snapshot, const HostState& host) {
  AvailableTerms terms;
  terms.low = snapshot.host_state->low_of_empty_zones.value_or(Pages(0));
  for (const Zone& zone : snapshot.host_memory->zones) {
    Pages largest;
    for (const Pages reserve : zone.lowmem_reserve)
      largest = std::max(largest, reserve);
    terms.totalreserve += std::min(zone_pages(snapshot, zone, "managed"),
                                   largest + zone_pages(snapshot, zone, "high"));
    terms.low += zone_pages(snapshot, zone, "low");
  }
  const auto said = [&](const char* name) {
    return floor_pages(to_bytes(host.meminfo.find(name).value_or(KiB(0))), *snapshot.page_size);
  };
  terms.free = said("MemFree");
  terms.active_file = said("Active(file)");
  terms.inactive_file = said("Inactive(file)");
  terms.slab_reclaimable = said("SReclaimable");
  terms.misc_reclaimable = said("KReclaimable") - said("SReclaimable");
  return mem_available(terms) - said("MemAvailable");
}

}  // namespace oomkit
