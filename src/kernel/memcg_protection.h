// How much of a memory cgroup is kept from reclaim: memory.min and memory.low, by what the
// cgroups above and beside it leave of them. effective_protection() in mm/memcontrol.c
// (mm/page_counter.c from 6.11 on).
//
// Protection is about reclaim only: choosing whom to kill looks at neither. And a cgroup
// has none against its own limit, only against the shortage of one above it.
#pragma once

#include "core/units.h"

namespace oomkit {

// One of the two settings, min or low, all in one unit.
struct ProtectionTerms {
  Bytes usage;    // memory.current of the cgroup.
  Bytes setting;  // Its memory.min or memory.low.
  Bytes parent_usage;
  Bytes parent_effective;    // What the parent is protected by, by this same sum.
  Bytes siblings_protected;  // min(usage, setting) of all children of the parent, itself too.
  bool recursive = true;     // Mounted with memory_recursiveprot (5.7; systemd does).
};

// What the cgroup is protected by against reclaim from above its parent. For a direct
// child of the cgroup that is short, its own setting is what counts: do not ask.
Bytes effective_protection(const ProtectionTerms& terms);

// What reclaim may scan of `size` when `protection` of `usage` is kept: in proportion to
// what is not protected. mem_cgroup_protection() and get_scan_count() in mm/vmscan.c (5.4).
Bytes scannable(Bytes size, Bytes usage, Bytes protection);

}  // namespace oomkit
