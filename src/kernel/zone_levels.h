// Where a host's zones begin to be short: min, low and high watermarks, lowmem_reserve,
// and what of it all may be called available. Computed from the settings, so that a change
// of vm.min_free_kbytes can be judged before it is made.
//
// mm/page_alloc.c: __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve(),
// calculate_totalreserve_pages(), si_mem_available() (mm/show_mem.c from 6.3 on).
//
//   share = min_free_kbytes in pages * managed / managed of all lowmem zones
//   up to 4.5   min = share   low = min + share / 4   high = min + share / 2
//   from 4.6    step = max(share / 4, managed * watermark_scale_factor / 10000)
//               min = share   low = min + step        high = low + step
//
// A zone of high memory has min(max(managed / 1024, 32), 128) pages as its min. The kernel
// adds a boost for a while after fragmentation (5.0): it is in the printed levels, not here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "model/kernel_version.h"

namespace oomkit {

struct ManagedZone {
  int node = 0;
  std::string name;  // DMA, DMA32, Normal, HighMem, Movable.
  Pages managed;
};

struct ZoneSettings {
  PageSize page_size = PageSize::k4K;
  KiB min_free;           // vm.min_free_kbytes.
  int scale_factor = 10;  // vm.watermark_scale_factor, in ten-thousandths (4.6).
};

struct ZoneLevels {
  Pages min, low, high;
};

// One for each zone, in their order.
std::vector<ZoneLevels> zone_levels(const std::vector<ManagedZone>& zones,
                                    const ZoneSettings& settings, const KernelVersion& version);

// What zone `zone` keeps back from requests that could use `highest`, both indexes into
// `zones`: the pages managed above it, up to `highest`, in its node, divided by the
// sysctl's ratio (256, 256, 32, 0, 0 by default for DMA, DMA32, Normal, HighMem, Movable).
Pages lowmem_reserve(const std::vector<ManagedZone>& zones, std::size_t zone, std::size_t highest,
                     const std::vector<int>& ratios);

// The ratios of vm.lowmem_reserve_ratio for `zones`, from its defaults.
int default_reserve_ratio(const std::string& zone_name);

// totalreserve_pages: what the kernel counts as nobody's, the sum over all zones of the
// largest lowmem_reserve and the high watermark, at most what is managed.
Pages totalreserve(const std::vector<ManagedZone>& zones, const std::vector<ZoneLevels>& levels);

struct AvailableTerms {
  Pages free, active_file, inactive_file, slab_reclaimable;
  Pages misc_reclaimable;  // nr_kernel_misc_reclaimable (4.20).
  Pages totalreserve;
  Pages low;  // The low watermarks of all zones together.
};

// MemAvailable of /proc/meminfo (3.14). Neither anonymous memory nor swap counts.
Pages mem_available(const AvailableTerms& terms);

}  // namespace oomkit
