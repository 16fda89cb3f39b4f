#include "kernel/headroom.h"

#include <algorithm>

namespace oomkit {
namespace {

Bytes zone_bytes(const Zone& zone, std::string_view name) {
  const auto amount = zone.find(name);
  return amount ? to_bytes(*amount) : Bytes(0);
}

// What lower zones keep for those who can use nothing else: the largest reserve is that
// against ordinary user memory.
Bytes kept_back(const Zone& zone, PageSize page_size) {
  Pages largest;
  for (const Pages reserve : zone.lowmem_reserve)
    largest = std::max(largest, reserve);
  return to_bytes(largest, page_size);
}

Bytes counter(const Snapshot& snapshot, std::string_view name) {
  const auto pages = snapshot.host_memory->counters.find(name);
  return pages ? to_bytes(*pages, *snapshot.page_size) : Bytes(0);
}

// The kernel counts half of it, or all but the low watermarks, as what can be dropped.
Bytes droppable_of(Bytes amount, Bytes low) {
  return amount - std::min(amount / 2, low);
}

void add_zone(const Zone& zone, PageSize page_size, HostHeadroom& headroom, Bytes& low) {
  const Bytes free = zone_bytes(zone, "free");
  const Bytes kept = kept_back(zone, page_size);
  const auto above = [&](std::string_view level) {
    return std::max(free - zone_bytes(zone, level) - kept, Bytes(0));
  };
  headroom.free_above_low += above("low");
  headroom.free_above_min += above("min");
  low += zone_bytes(zone, "low");
}

}  // namespace

std::optional<HostHeadroom> nodes_headroom(const Snapshot& snapshot,
                                           const std::vector<int>& nodes) {
  if (!snapshot.host_memory || !snapshot.page_size) return std::nullopt;
  const auto is_meant = [&](std::optional<int> node) {
    return std::binary_search(nodes.begin(), nodes.end(), node.value_or(0));
  };
  HostHeadroom headroom;
  Bytes low;
  bool any = false;
  for (const Zone& zone : snapshot.host_memory->zones) {
    if (!is_meant(zone.node)) continue;
    add_zone(zone, *snapshot.page_size, headroom, low);
    any = true;
  }
  if (!any) return std::nullopt;
  Bytes cache;
  for (const Node& node : snapshot.host_memory->nodes) {
    if (!is_meant(node.id)) continue;
    for (const char* list : {"active_file", "inactive_file"})
      cache += to_bytes(node.amounts.find(list).value_or(KiB(0)));
  }
  headroom.droppable = droppable_of(cache, low);
  if (snapshot.host_state) headroom.swap_free = snapshot.host_state->amount("SwapFree");
  return headroom;
}

std::optional<HostHeadroom> host_headroom(const Snapshot& snapshot) {
  if (!snapshot.host_memory || !snapshot.page_size || snapshot.host_memory->zones.empty()) {
    return std::nullopt;
  }
  HostHeadroom headroom;
  Bytes low;
  for (const Zone& zone : snapshot.host_memory->zones)
    add_zone(zone, *snapshot.page_size, headroom, low);
  const Bytes cache = counter(snapshot, "active_file") + counter(snapshot, "inactive_file");
  const Bytes slab =
      counter(snapshot, "slab_reclaimable") + counter(snapshot, "kernel_misc_reclaimable");
  headroom.droppable = droppable_of(cache, low) + droppable_of(slab, low);
  if (snapshot.host_state) {
    headroom.available = snapshot.host_state->amount("MemAvailable");
    headroom.swap_free = snapshot.host_state->amount("SwapFree");
  }
  return headroom;
}

std::optional<MemcgHeadroom> memcg_headroom(const MemcgNode& memcg) {
  if (!memcg.limit || !memcg.limit->size || !memcg.usage) return std::nullopt;
  MemcgHeadroom headroom{*memcg.limit->size, *memcg.usage, std::nullopt};
  const auto active = memcg.stat.bytes("active_file");
  const auto inactive = memcg.stat.bytes("inactive_file");
  if (active && inactive) headroom.droppable = *active + *inactive;
  return headroom;
}

std::optional<double> growth_per_s(std::optional<Bytes> before, std::optional<Bytes> after,
                                   double seconds) {
  if (!before || !after || !(seconds > 0)) return std::nullopt;
  return static_cast<double>((*after - *before).count()) / seconds;
}

std::optional<double> time_left_s(Bytes left, std::optional<double> growth_bytes_per_s) {
  // Less than a page a second is noise.
  constexpr double kNoticeable = 4096;
  if (!growth_bytes_per_s || *growth_bytes_per_s < kNoticeable) return std::nullopt;
  return static_cast<double>(std::max(left, Bytes(0)).count()) / *growth_bytes_per_s;
}

}  // namespace oomkit
