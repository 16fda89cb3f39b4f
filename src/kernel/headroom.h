// How far away it is: what a host, or a memory cgroup, has left before it is short.
//
// A host is short when no zone has more free than its watermark and what lower zones keep
// back, and nothing is left to drop. So two sums, both in the manner of MemAvailable: what
// is free above a level (each zone by itself: one zone's plenty helps no other's check),
// and page cache and slab that can be dropped, of which the kernel keeps some.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/units.h"
#include "model/snapshot.h"

namespace oomkit {

struct HostHeadroom {
  std::optional<Bytes> available;  // MemAvailable, as the kernel says it.
  Bytes free_above_low, free_above_min;
  Bytes droppable;  // File cache and slab that reclaim can take.
  // Until kswapd cannot keep the zones at low any more, and until an allocation fails.
  Bytes to_low() const { return free_above_low + droppable; }
  Bytes to_min() const { return free_above_min + droppable; }
  std::optional<Bytes> swap_free;
};

// Nothing without zones and a page size.
std::optional<HostHeadroom> host_headroom(const Snapshot& snapshot);
// Of these nodes alone, ascending: file cache of theirs, no slab. Nothing without such zones.
std::optional<HostHeadroom> nodes_headroom(const Snapshot& snapshot, const std::vector<int>& nodes);

struct MemcgHeadroom {
  Bytes limit, usage;
  Bytes left() const { return limit - usage; }
  // File cache in the use, which goes before anybody is killed; absent without a stat.
  std::optional<Bytes> droppable;
};

// Nothing for a memcg without a limit, or whose use is not known.
std::optional<MemcgHeadroom> memcg_headroom(const MemcgNode& memcg);

// What `after` has less than `before` a second, by two readings `seconds` apart.
std::optional<double> growth_per_s(std::optional<Bytes> before, std::optional<Bytes> after,
                                   double seconds);
// Seconds until `left` is gone at that growth; nothing if it does not grow noticeably.
std::optional<double> time_left_s(Bytes left, std::optional<double> growth_bytes_per_s);

}  // namespace oomkit
