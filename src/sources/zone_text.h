// /proc/zoneinfo and /proc/buddyinfo: the zones with their watermarks and free blocks.
//
// Both are in pages. HostMemory has the amounts in kB, as a kernel log prints them, so the
// page size must be known, which zoneinfo itself tells when MemTotal is at hand: the pages
// managed in all zones are what MemTotal counts.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/host_memory.h"

namespace oomkit {

// A zone as /proc/zoneinfo has it.
struct ZoneText {
  int node = 0;
  std::string name;
  NamedAmounts<Pages> pages;          // "free", "boost", "min", "low", "high", "managed", ...
  std::vector<Pages> lowmem_reserve;  // "protection: (0, 3017, ...)"
};
// What stands under "per-node stats" of a node's first zone (4.8).
struct NodeText {
  int node = 0;
  NamedAmounts<Pages> pages;  // "nr_active_file", "nr_kernel_stack" (in kB), ...
};
struct ZoneInfo {
  std::vector<ZoneText> zones;
  std::vector<NodeText> nodes;
};

// Nothing if there is no zone in it, or one that does not follow the format.
std::optional<ZoneInfo> parse_zoneinfo(std::string_view text);

// The page size by which the zones' managed pages make up MemTotal.
std::optional<PageSize> page_size_of(const ZoneInfo& info, KiB mem_total);

// Zones and nodes of `memory`, in kB; zones without memory are left out.
void put_zones(const ZoneInfo& info, PageSize page_size, HostMemory& memory);

Pages low_of_empty_zones(const ZoneInfo& info);

// The free blocks of zones that are in `memory` already. False if a line is not understood.
bool parse_buddyinfo(std::string_view text, PageSize page_size, HostMemory& memory);

}  // namespace oomkit
