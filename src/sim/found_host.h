// A host as it was found, in the middle of its life: where the model begins instead of at a boot.
//
// The numbers are those of a snapshot. What a snapshot does not tell (which pages were used lately,
// which of them several processes share) is set down where it is used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/units.h"
#include "kernel/zone_levels.h"

namespace oomkit {

struct FoundZone {
  int node = 0;
  std::string name;
  Pages present, managed, free;
  ZoneLevels levels;
  std::array<Pages, 5> reserve;  // lowmem_reserve[]
};

// The process of the same number in the scenario.
struct FoundTask {
  std::int64_t pid = 0;
  Pages anon;         // In memory, and given back when it dies.
  Pages shared_anon;  // Counted for it, and not given back: others have it too.
  Pages file, shmem, swapped, tables, total_vm;
};

// The cgroup of the same number in the scenario.
struct FoundMemcg {
  Pages usage;
  Pages active_file, inactive_file;
};

struct FoundHost {
  std::vector<FoundZone> zones;
  std::vector<FoundTask> tasks;
  std::vector<FoundMemcg> memcgs;
  Pages active_file, inactive_file;  // Of the host, those of its cgroups among them.
  Pages slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables;
  Pages swap_used, committed;
  KiB min_free;
};

}  // namespace oomkit
