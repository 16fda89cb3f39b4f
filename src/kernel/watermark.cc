#include "kernel/watermark.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>
#include <map>
#include <string_view>

#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 5> kZoneOrder = {"DMA", "DMA32", "Normal", "HighMem",
                                                        "Movable"};
constexpr int kNormal = 2;
constexpr int kHighMemZone = 3;
constexpr int kMovableZone = 4;

std::optional<int> rank_of(std::string_view zone) {
  for (std::size_t i = 0; i < kZoneOrder.size(); ++i) {
    if (kZoneOrder[i] == zone) return static_cast<int>(i);
  }
  return std::nullopt;
}

// gfp_zone() in include/linux/gfp.h: the highest zone that the request may use.
int highest_zone(const GfpMeaning& request) {
  if (request.dma) return 0;
  if (request.dma32) return 1;
  if (request.highmem) return request.movable ? kMovableZone : kHighMemZone;
  return kNormal;
}

// Which zones, by rank, have memory on each node.
using ZonesByNode = std::map<std::optional<int>, std::bitset<kZoneOrder.size()>>;

ZonesByNode zones_by_node(const HostMemory& memory) {
  ZonesByNode zones;
  for (const Zone& zone : memory.zones) {
    if (const auto rank = rank_of(zone.name)) zones[zone.node].set(static_cast<std::size_t>(*rank));
  }
  return zones;
}

// lowmem_reserve[] has a value for each zone the kernel was built with, and the log does
// not name those. But the values rise only where a zone with memory is added, so the
// k-th rise belongs to the k-th populated zone above this one.
std::optional<Pages> reserve_against(const ZonesByNode& populated, const Zone& zone, int rank,
                                     int highest) {
  const auto& on_node = populated.at(zone.node);
  int zones_between = 0;
  for (int above = rank + 1; above <= highest; ++above) {
    if (on_node.test(static_cast<std::size_t>(above))) ++zones_between;
  }
  if (zones_between == 0) return Pages(0);
  if (zone.lowmem_reserve.empty()) return std::nullopt;
  Pages reserve(0);
  for (const Pages value : zone.lowmem_reserve) {
    if (value <= reserve) continue;
    if (zones_between == 0) break;
    reserve = value;
    --zones_between;
  }
  return reserve;
}

KiB kib_of(Pages pages, PageSize page_size) {
  return floor_kib(to_bytes(pages, page_size));
}

// Half of what fits, so that the sums of a test cannot overflow.
KiB bounded(std::optional<KiB> amount) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / 8;
  return KiB(std::clamp<std::int64_t>(amount ? amount->count() : 0, -kMax, kMax));
}

bool usable(const FreeBlocks& blocks, bool movable) {
  if (blocks.migratetypes.empty()) return true;  // Kernels before 3.x name none.
  return blocks.migratetypes.find_first_of(movable ? "UMEC" : "UME") != std::string::npos;
}

std::int64_t order_bytes(int order, PageSize page_size) {
  return bytes_of(page_size).count() << order;
}

// Free blocks of at least this order that the request may take. The log says which
// types are there at each order, not how many of each: an upper bound.
std::int64_t blocks_from(const Zone& zone, int order, bool movable, PageSize page_size) {
  std::int64_t count = 0;
  for (const FreeBlocks& blocks : zone.free_blocks) {
    if (to_bytes(blocks.block_size).count() < order_bytes(order, page_size)) continue;
    if (blocks.count <= 0 || !usable(blocks, movable)) continue;
    if (__builtin_add_overflow(count, blocks.count, &count)) return INT64_MAX;
  }
  return count;
}

// Up to 4.3 one block of the order was not enough: without the smaller blocks, order by
// order, more had to be left than min, halved each time (__zone_watermark_ok() of 2.6.x).
bool passes_halving_test(const Zone& zone, KiB free, KiB min, int order, PageSize page_size) {
  for (const FreeBlocks& blocks : zone.free_blocks) {
    const std::int64_t size = to_bytes(blocks.block_size).count();
    if (size >= order_bytes(order, page_size)) break;
    free -= bounded(floor_kib(saturated_product(std::max<std::int64_t>(blocks.count, 0), size)));
    min = min / 2;
    if (free <= min) return false;
  }
  return true;
}

ZoneVerdict order_verdict(const Zone& zone, const ZoneTest& test, int order, PageSize page_size,
                          bool halving) {
  if (order <= 0) return ZoneVerdict::served;
  if (!test.blocks_of_order) return ZoneVerdict::unknown;
  if (*test.blocks_of_order == 0) return ZoneVerdict::fragmented;
  const KiB usable_free = test.free - test.unusable_cma - test.unusable_highatomic;
  if (halving && !passes_halving_test(zone, usable_free, test.min, order, page_size)) {
    return ZoneVerdict::fragmented;
  }
  return ZoneVerdict::served;
}

ZoneVerdict verdict_of(const Zone& zone, const ZoneTest& test, bool reserve_known, int order,
                       PageSize page_size, bool halving) {
  if (!zone.find("free") || !zone.find("min")) return ZoneVerdict::unknown;
  // The request itself must leave the mark untouched.
  const KiB spare = kib_of(Pages((std::int64_t{1} << std::max(order, 0)) - 1), page_size);
  const KiB free = test.free - spare;
  if (free <= test.min) return ZoneVerdict::below_min;
  if (free <= test.min + test.reserve) return ZoneVerdict::reserved;
  if (free - test.unusable_cma - test.unusable_highatomic <= test.min + test.reserve) {
    return ZoneVerdict::cma_or_atomic;
  }
  if (!reserve_known) return ZoneVerdict::unknown;
  return order_verdict(zone, test, order, page_size, halving);
}

}  // namespace

std::vector<ZoneTest> test_zones(const HostMemory& memory, const GfpMeaning& request, int order,
                                 const std::vector<int>& allowed_nodes, PageSize page_size,
                                 const std::optional<KernelVersion>& version) {
  constexpr int kOrderMax = 20;  // Far above what any kernel allocates at once.
  order = std::clamp(order, 0, kOrderMax);
  const int highest = highest_zone(request);
  const bool halving = version && *version < KernelVersion{4, 4, 0};

  const ZonesByNode populated = zones_by_node(memory);
  std::vector<ZoneTest> tests;
  tests.reserve(memory.zones.size());
  for (std::size_t i = 0; i < memory.zones.size(); ++i) {
    const Zone& zone = memory.zones[i];
    ZoneTest test;
    test.zone = i;
    test.free = bounded(zone.find("free"));
    test.min = bounded(zone.find("min"));
    test.boost = zone.find("boost");
    // Pages of the reserve that are in use are no longer counted free; from 7.x on the
    // log tells how many of them are.
    const auto atomic = zone.find("free_highatomic");
    test.unusable_highatomic = bounded(atomic ? atomic : zone.find("reserved_highatomic"));
    if (!request.movable) test.unusable_cma = bounded(zone.find("free_cma"));

    const auto rank = rank_of(zone.name);
    const bool node_allowed =
        allowed_nodes.empty() || !zone.node ||
        std::find(allowed_nodes.begin(), allowed_nodes.end(), *zone.node) != allowed_nodes.end();
    if (!node_allowed || !rank || (*rank > highest && !request.empty)) {
      test.verdict = ZoneVerdict::not_allowed;
      tests.push_back(test);
      continue;
    }
    const auto reserve = reserve_against(populated, zone, *rank, highest);
    test.reserve = bounded(kib_of(reserve.value_or(Pages(0)), page_size));
    if (!zone.free_blocks.empty()) {
      test.blocks_of_order = blocks_from(zone, order, request.movable, page_size);
    }
    // A mask of 0 comes from the end of a page fault: the request that failed was
    // another one, and what it could have used is not in the log.
    if (!request.empty) {
      test.verdict = verdict_of(zone, test, reserve.has_value(), order, page_size, halving);
    }
    tests.push_back(test);
  }
  return tests;
}

std::optional<std::vector<int>> parse_node_list(std::string_view text) {
  constexpr int kNodesMax = 1024;  // MAX_NUMNODES of the largest configuration.
  Cursor cursor(trim(text));
  std::vector<int> nodes;
  do {
    const auto first = cursor.take_integer<int>();
    if (!first || *first < 0 || *first >= kNodesMax) return std::nullopt;
    int last = *first;
    if (cursor.take("-")) {
      const auto end = cursor.take_integer<int>();
      if (!end || *end < *first || *end >= kNodesMax) return std::nullopt;
      last = *end;
    }
    // The kernel prints nodes in rising order; anything else is no such list.
    if (!nodes.empty() && *first <= nodes.back()) return std::nullopt;
    for (int node = *first; node <= last; ++node)
      nodes.push_back(node);
  } while (cursor.take(","));
  if (!cursor.at_end()) return std::nullopt;
  return nodes;
}

}  // namespace oomkit
