#include "sim/machine.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/boot_memory.h"

namespace oomkit::sim {
namespace {

constexpr int kMaxOrder = 10;
constexpr Pages kDmaPresent(3998);
constexpr Pages kDmaEnd(4096);
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

Machine::Machine(const KernelProfile& profile, const HostSpec& host, int disks)
    : version_(profile.version) {
  const bool has_swap = host.swap >= Bytes(64 << 10);
  set_up_zones(profile, host, disks);
  const bool has_zram = has_swap && host.swap_kind == SwapKind::zram;
  set_up_levels(profile, (disks > 0 ? profile.disk_modules : Pages(0)) +
                             (has_zram ? profile.zram_modules : Pages(0)));
  swap_.kind = host.swap_kind;
  swap_.rate = host.swap_rate;
  // The first page of the area is its header.
  if (has_swap) swap_.total = pages_of(host.swap) - Pages(1);
  fill(profile, disks);
  // init_admin_reserve() and init_user_reserve() of mm/mmap.c: 1/32 of what was free then.
  const std::int64_t free_kib = (managed() - profile.reserve_less).count() * 4;
  admin_reserve_ = KiB(std::min<std::int64_t>(free_kib / 32, 8192));
  user_reserve_ = KiB(std::min<std::int64_t>(free_kib / 32, 131'072));
}

// The levels are computed while the kernel starts, before it gives back its own beginning and the
// archive with PID 1, which lies in the highest memory below 4 GiB; nothing computes them anew
// afterwards.
void Machine::set_up_levels(const KernelProfile& profile, Pages modules) {
  constexpr Pages kArchive(511);
  const Pages archive = kArchive + modules;
  std::vector<ManagedZone> zones = managed_zones();
  const auto highest_low = std::find_if(
      zones.rbegin(), zones.rend(), [](const ManagedZone& zone) { return zone.name == "DMA32"; });
  highest_low->managed -= archive;
  zones.at(1).managed -= profile.late_freed - kArchive;
  Pages lowmem;
  for (const ManagedZone& zone : zones)
    lowmem += zone.managed;
  // init_per_zone_wmark_min()
  min_free_ = KiB(std::clamp<std::int64_t>(int_sqrt(lowmem.count() * 4 * 16), 128, 262'144));
  // set_recommended_min_free_kbytes(), where huge pages are on: from 512 MiB on.
  constexpr Pages kHugePagesFrom(512 << 8);
  if (lowmem >= kHugePagesFrom) {
    const auto zone_count = static_cast<std::int64_t>(zones.size());
    Pages usable = lowmem;  // nr_free_buffer_pages(), with the levels so far.
    for (const ZoneLevels& levels : levels_of(zones))
      usable -= levels.high;
    const Pages wanted = std::min(Pages(512 * zone_count * 11), usable / 20);
    min_free_ = std::max(min_free_, floor_kib(to_bytes(wanted, PageSize::k4K)));
  }
  set_levels(zones);
}

// What is in use when the scenario begins: the kernel's and PID 1's.
void Machine::fill(const KernelProfile& profile, int disks) {
  constexpr Pages kDmaUsed(32);
  Pages used = profile.slab_reclaimable + profile.slab_unreclaimable + profile.kernel_stack +
               profile.page_tables + profile.init_anon + profile.init_shmem + profile.other_use +
               profile.disk_use * disks;
  for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
    zone->free = zone->managed;
    if (zone->index == 0) {
      zone->free -= kDmaUsed;
      continue;
    }
    const bool last_of_several = node_count_ > 1 && zone == zones_.rbegin();
    const Pages here = last_of_several ? std::min(used, profile.last_node_use) : used;
    const Pages taken = std::min(here, zone->free / 2);
    zone->free -= taken;
    used -= taken;
    const Pages listed = std::min(profile.base_pcp, zone->free / 8);
    zone->pcp = listed;
    zone->pcp_of_others = std::min(profile.pcp_of_others, listed);
    zone->free -= listed;
    // From 5.14 on as much as the low mark; 7.2 keeps up to an eighth of the zone for good.
    zone->pcp_high = zone->levels.low;
    if (version_ < KernelVersion{5, 14}) zone->pcp_high = Pages(90);
    if (profile.pcp_keeps) zone->pcp_high = zone->managed / 9;
  }
}

void Machine::set_up_zones(const KernelProfile& profile, const HostSpec& host, int disks) {
  SimZone dma;
  dma.name = "DMA";
  dma.present = kDmaPresent;
  dma.spanned = kDmaEnd - Pages(1);
  dma.managed = profile.dma_managed;
  zones_.push_back(dma);
  const Pages total = pages_of(host.memory);
  Pages kept = profile.more_disk_pages * std::max(disks - 1, 0);
  if (disks > 0) kept += profile.disk_pages;
  const ManagedRam ram = managed_ram(profile, host.memory);
  if (host.nodes.empty()) {
    const Pages low = std::min(kLowRam, total);
    zones_.push_back(zone_above_dma(0, 1, low - kDmaEnd, ram.dma32 - kept));
    if (total > low) zones_.push_back(zone_above_dma(0, 2, total - low, ram.normal));
    return;
  }
  // With nodes the tables of hashes are smaller by a little, and each node keeps its own struct
  // pages.
  node_count_ = host.nodes.size();
  Pages left = ram.dma32 + ram.normal - kept + profile.node_less_hashes;
  std::vector<SimZone> later;
  std::int64_t at = pages_of(host.nodes.front()).count();
  for (std::size_t node = 1; node < host.nodes.size(); ++node) {
    const Pages present = pages_of(host.nodes[node]);
    const Pages its = present - present * profile.node_kept.count() / 40'960;
    later.push_back(
        zone_above_dma(static_cast<int>(node), Pages(at) < kLowRam ? 1 : 2, present, its));
    left -= its;
    at += present.count();
  }
  zones_.push_back(zone_above_dma(0, 1, pages_of(host.nodes.front()) - kDmaEnd, left));
  zones_.insert(zones_.end(), later.begin(), later.end());
}

std::vector<ManagedZone> Machine::managed_zones() const {
  std::vector<ManagedZone> zones;
  for (const SimZone& zone : zones_)
    zones.push_back({zone.node, zone.name, zone.managed});
  return zones;
}

std::vector<ZoneLevels> Machine::levels_of(const std::vector<ManagedZone>& zones) const {
  return zone_levels(zones, {PageSize::k4K, min_free_, scale_factor_}, version_);
}

void Machine::set_levels(const std::vector<ManagedZone>& zones) {
  std::vector<int> ratios;
  for (const SimZone& zone : zones_)
    ratios.push_back(default_reserve_ratio(zone.name));
  const auto levels = levels_of(zones);
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
  set_levels(managed_zones());
}
void Machine::set_scale_factor(int value) {
  scale_factor_ = value;
  set_levels(managed_zones());
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
      const Pages listed = std::min(std::max(zone.pcp - zone.pcp_of_others, Pages(0)), pages);
      const Pages rest = std::min(pages - listed, above);
      zone.pcp -= listed;
      zone.free -= rest;
      zone.scattered = std::min(zone.scattered, zone.free);
      return {listed + rest, i};
    }
  }
  return {};
}

Pages Machine::at_hand(const Placement& where, Mark mark) const {
  for (const int node : where.nodes) {
    for (auto zone = zones_.rbegin(); zone != zones_.rend(); ++zone) {
      if (zone->node != node) continue;
      const Pages above = zone->free - level_of(*zone, mark);
      if (above > Pages(0)) return above;
    }
  }
  return Pages(0);
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
  // nr_pcp_high(): a zone below its high mark gets its pages back at once (ZONE_BELOW_HIGH, 6.7).
  const bool is_short = zone.free < zone.levels.high;
  const Pages most = is_short ? std::min(zone.pcp_high, zone.levels.low) : zone.pcp_high;
  const Pages listed = std::max(std::min(pages, most - zone.pcp), Pages(0));
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
