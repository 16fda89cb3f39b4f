#include "sim/machine.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace oomkit::sim {
namespace {

constexpr int kMaxOrder = 10;
constexpr Pages kDmaPresent(3998);
constexpr Pages kDmaEnd(4096);
constexpr std::int64_t kLowEnd = 3 << 18;  // QEMU's RAM below 4 GiB ends at 3 GiB.
constexpr std::size_t kHighestOfUser = 2;  // Requests of user pages may use zones up to Normal.

std::int64_t int_sqrt(std::int64_t value) {
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(value)));
  while (root * root > value)
    --root;
  while ((root + 1) * (root + 1) <= value)
    ++root;
  return root;
}

Pages pages_of(Bytes bytes) {
  return floor_pages(bytes, PageSize::k4K);
}

// QEMU's nodes of RAM up to 3 GiB are parts of DMA and DMA32, what is above is Normal.
SimZone zone_above_dma(int node, std::size_t index, Pages present, Pages managed) {
  SimZone zone;
  zone.node = node;
  zone.index = index;
  zone.name = index == 1 ? "DMA32" : "Normal";
  zone.present = zone.spanned = present;
  zone.managed = managed;
  return zone;
}

}  // namespace

Machine::Machine(const KernelProfile& profile, const HostSpec& host) : version_(profile.version) {
  set_up_zones(profile, host);
  // init_per_zone_wmark_min(): 4 * int_sqrt of the pages above the high marks, which are 0 then.
  std::int64_t lowmem_kib = managed().count() * 4;
  min_free_ = KiB(std::clamp<std::int64_t>(int_sqrt(lowmem_kib * 16), 128, 262'144));
  // khugepaged raises it where huge pages are on: from 512 MiB of RAM on (mm/huge_memory.c).
  constexpr Pages kHugePagesFrom(512 << 8);
  if (managed() >= kHugePagesFrom) {
    const std::int64_t zone_count = std::count_if(zones_.begin(), zones_.end(), [](const auto& it) {
      return it.managed > Pages(0);
    });
    const Pages wanted = std::min(Pages(512 * zone_count * 11), managed() / 20);
    min_free_ = std::max(min_free_, floor_kib(to_bytes(wanted, PageSize::k4K)));
  }
  set_levels();
  swap_.kind = host.swap_kind;
  swap_.rate = host.swap_rate;
  // The first page of the area is its header.
  if (host.swap >= Bytes(64 << 10)) swap_.total = pages_of(host.swap) - Pages(1);
  // What is in use when the scenario begins, of the node of PID 1.
  Pages used = profile.slab_reclaimable + profile.slab_unreclaimable + profile.kernel_stack +
               profile.page_tables + profile.init_anon + profile.init_shmem + profile.other_use;
  for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
    zone->free = zone->managed;
    if (zone->index == 0) {
      zone->free -= Pages(32);
      continue;
    }
    const Pages taken = std::min(used, zone->free / 2);
    zone->free -= taken;
    used -= taken;
    const Pages listed = std::min(profile.base_pcp, zone->free / 8);
    zone->pcp = listed;
    zone->free -= listed;
    zone->pcp_high = profile.pcp_grows ? zone->managed / 9
                                       : Pages(version_ < KernelVersion{5, 14} ? 90 : 533);
  }
  // init_admin_reserve() and init_user_reserve() of mm/mmap.c: 1/32 of what was free at boot,
  // when the image's archive was in memory still.
  const std::int64_t free_kib = (managed() - Pages(3800)).count() * 4;
  admin_reserve_ = KiB(std::min<std::int64_t>(free_kib / 32, 8192));
  user_reserve_ = KiB(std::min<std::int64_t>(free_kib / 32, 131'072));
}

void Machine::set_up_zones(const KernelProfile& profile, const HostSpec& host) {
  SimZone dma;
  dma.name = "DMA";
  dma.present = kDmaPresent;
  dma.spanned = kDmaEnd - Pages(1);
  dma.managed = profile.dma_managed;
  zones_.push_back(dma);
  const Pages total = pages_of(host.memory);
  const Pages managed = managed_above_dma(profile, host.memory);
  const std::vector<Bytes> parts = host.nodes.empty() ? std::vector<Bytes>{host.memory} : host.nodes;
  node_count_ = parts.size();
  // A node gets what its RAM is of all; the kernel itself is in the lowest memory.
  std::int64_t at = 0;
  Pages left = managed;
  for (std::size_t node = 0; node < parts.size(); ++node) {
    const std::int64_t end = at + pages_of(parts[node]).count();
    const auto part = [&](std::int64_t from, std::int64_t to, std::size_t index) {
      from = std::max(from, std::max(at, kDmaEnd.count()));
      to = std::min(to, end);
      if (to <= from) return;
      const Pages present(to - from);
      const bool last = end >= total.count() && (index == 2 || end <= kLowEnd);
      const bool highest_of_first = parts.size() > 1;
      Pages its = highest_of_first && node > 0 ? present - present / 64 : left;
      if (!last && !highest_of_first) its = left - Pages(total.count() - to) * 244 / 262;
      if (highest_of_first && node == 0) {
        Pages others;
        for (std::size_t next = 1; next < parts.size(); ++next)
          others += pages_of(parts[next]) - pages_of(parts[next]) / 64;
        its = left - others;
      }
      left -= its;
      zones_.push_back(zone_above_dma(static_cast<int>(node), index, present, its));
    };
    part(0, kLowEnd, 1);
    part(kLowEnd, INT64_MAX / 8, 2);
    at = end;
  }
}

void Machine::set_levels() {
  std::vector<ManagedZone> zones;
  std::vector<int> ratios;
  for (const SimZone& zone : zones_) {
    zones.push_back({zone.node, zone.name, zone.managed});
    ratios.push_back(default_reserve_ratio(zone.name));
  }
  const auto levels = zone_levels(zones, {PageSize::k4K, min_free_, scale_factor_}, version_);
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    zones_[i].levels = levels[i];
    for (std::size_t highest = 0; highest < zones_[i].reserve.size(); ++highest) {
      // By the kinds of zones: those above this one in its node.
      std::size_t last = i;
      for (std::size_t j = i + 1; j < zones_.size(); ++j) {
        if (zones_[j].node == zones_[i].node && zones_[j].index <= highest) last = j;
      }
      zones_[i].reserve[highest] = lowmem_reserve(zones, i, last, ratios);
    }
  }
  totalreserve_ = oomkit::totalreserve(zones, levels);
}

void Machine::set_min_free(KiB value) {
  min_free_ = value;
  set_levels();
}
void Machine::set_scale_factor(int value) {
  scale_factor_ = value;
  set_levels();
}

Pages Machine::managed() const {
  Pages sum;
  for (const SimZone& zone : zones_)
    sum += zone.managed;
  return sum;
}
Pages Machine::free() const {
  Pages sum;
  for (const SimZone& zone : zones_)
    sum += zone.free;
  return sum;
}
Pages Machine::low_sum() const {
  Pages sum;
  for (const SimZone& zone : zones_)
    sum += zone.levels.low;
  return sum;
}

Pages Machine::level_of(const SimZone& zone, Mark mark) const {
  const Pages level = mark == Mark::min   ? zone.levels.min
                      : mark == Mark::low ? zone.levels.low
                                          : zone.levels.high;
  return level + zone.reserve[kHighestOfUser];
}

Machine::Taken Machine::take(Pages pages, const Placement& where, Mark mark) {
  for (const int node : where.nodes) {
    for (std::size_t i = zones_.size(); i-- > 0;) {
      SimZone& zone = zones_[i];
      if (zone.node != node) continue;
      const Pages above = zone.free - level_of(zone, mark);
      if (above <= Pages(0)) continue;
      // What lies on the processor's list is given first, as long as the zone passes its check.
      const Pages listed = std::min(zone.pcp, pages);
      const Pages rest = std::min(pages - listed, above);
      zone.pcp -= listed;
      zone.free -= rest;
      zone.scattered = std::min(zone.scattered, zone.free);
      return {listed + rest, i};
    }
  }
  return {};
}

std::vector<std::int64_t> Machine::blocks(const SimZone& zone) const {
  std::vector<std::int64_t> counts(kMaxOrder + 1, 0);
  counts[0] = zone.scattered.count();
  std::int64_t left = (zone.free - zone.scattered).count();
  counts[kMaxOrder] = left >> kMaxOrder;
  left &= (1 << kMaxOrder) - 1;
  for (int order = kMaxOrder - 1; order >= 0; --order) {
    counts[static_cast<std::size_t>(order)] += (left >> order) & 1;
  }
  return counts;
}

std::optional<std::size_t> Machine::take_block(int order, Mark mark) {
  const Pages size(std::int64_t{1} << order);
  for (std::size_t i = zones_.size(); i-- > 0;) {
    SimZone& zone = zones_[i];
    if (zone.free - (size - Pages(1)) <= level_of(zone, mark)) continue;
    if (order > 0 && zone.free - zone.scattered < size) continue;
    zone.free -= size;
    zone.scattered = std::min(zone.scattered, zone.free);
    return i;
  }
  return std::nullopt;
}

void Machine::give(std::size_t index, Pages pages) {
  SimZone& zone = zones_[index];
  const Pages listed = std::max(std::min(pages, zone.pcp_high - zone.pcp), Pages(0));
  zone.pcp += listed;
  zone.free += pages - listed;
}

void Machine::give_scattered(std::size_t index, Pages pages) {
  zones_[index].free += pages;
  zones_[index].scattered += pages;
}

void Machine::drain_pcp() {
  for (SimZone& zone : zones_) {
    zone.free += zone.pcp;
    zone.pcp = Pages(0);
  }
}

bool Machine::is_balanced(int node) const {
  return std::any_of(zones_.begin(), zones_.end(), [&](const SimZone& zone) {
    return zone.node == node && zone.free > level_of(zone, Mark::high);
  });
}

bool Machine::could_serve(const Placement& where, Pages reclaimable, int order) const {
  for (const SimZone& zone : zones_) {
    if (std::find(where.nodes.begin(), where.nodes.end(), zone.node) == where.nodes.end()) continue;
    const Pages size(std::int64_t{1} << order);
    if (zone.free + reclaimable - (size - Pages(1)) <= level_of(zone, Mark::min)) continue;
    if (order == 0 || zone.free - zone.scattered >= size) return true;
  }
  return false;
}

}  // namespace oomkit::sim
