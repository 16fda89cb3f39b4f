// Could this zone have served the request? __zone_watermark_ok() in mm/page_alloc.c.
//
//   free - unusable <= min' + lowmem_reserve[classzone]   -> it could not
//
// where `unusable` are pages counted free that this request may not take (the highatomic
// reserve, CMA for an unmovable request), and then, for order > 0, a block of that order
// of a usable migratetype must exist.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/gfp.h"
#include "model/host_memory.h"
#include "model/kernel_version.h"

namespace oomkit {

enum class ZoneVerdict {
  served,         // It passes by the printed numbers (memory was freed meanwhile, say).
  not_allowed,    // The request may not use this zone or node.
  below_min,      // Plainly empty: free is at or under min.
  reserved,       // Free is above min but not above min + lowmem_reserve.
  cma_or_atomic,  // The free pages are CMA or highatomic ones.
  fragmented,     // Enough free, no block of the order.
  unknown,
};

// The failed test, with its terms in kB as the zone line has them.
struct ZoneTest {
  std::size_t zone = 0;  // Index into HostMemory::zones.
  ZoneVerdict verdict = ZoneVerdict::unknown;
  KiB free, min, reserve, unusable_cma, unusable_highatomic;
  std::optional<KiB> boost;
  std::optional<std::int64_t>
      blocks_of_order;  // Free blocks of the order or larger; absent without the list.
};

// One test a zone, in the log's order. `allowed_nodes` empty: all. Up to 4.3 one free
// block of the order was not enough: give the version where it is known.
std::vector<ZoneTest> test_zones(const HostMemory& memory, const GfpMeaning& request, int order,
                                 const std::vector<int>& allowed_nodes, PageSize page_size,
                                 const std::optional<KernelVersion>& version = std::nullopt);

// "0-3,8" as node numbers, at most 1024 of them; nothing if it is not such a list.
std::optional<std::vector<int>> parse_node_list(std::string_view text);

}  // namespace oomkit
