#include "kernel/zone_levels.h"

#include <algorithm>

#include "core/scaled.h"

namespace oomkit {
namespace {

constexpr KernelVersion kScaleFactor{4, 6};

bool is_highmem(const ManagedZone& zone) {
  return zone.name == "HighMem" || zone.name == "Movable";
}

Pages larger_half(Pages amount, Pages limit) {
  return amount - std::min(amount / 2, limit);
}

}  // namespace

std::vector<ZoneLevels> zone_levels(const std::vector<ManagedZone>& zones,
                                    const ZoneSettings& settings, const KernelVersion& version) {
  Pages lowmem;
  for (const ManagedZone& zone : zones) {
    if (!is_highmem(zone)) lowmem += zone.managed;
  }
  const Pages min_free = floor_pages(to_bytes(settings.min_free), settings.page_size);
  std::vector<ZoneLevels> levels;
  levels.reserve(zones.size());
  for (const ManagedZone& zone : zones) {
    const Pages share(scaled(min_free.count(), zone.managed.count(), lowmem.count()));
    ZoneLevels level;
    level.min = is_highmem(zone) ? std::clamp(zone.managed / 1024, Pages(32), Pages(128)) : share;
    if (version < kScaleFactor) {
      level.low = level.min + share / 4;
      level.high = level.min + share / 2;
    } else {
      const Pages step =
          std::max(share / 4, Pages(scaled(zone.managed.count(), settings.scale_factor, 10'000)));
      level.low = level.min + step;
      level.high = level.low + step;
    }
    levels.push_back(level);
  }
  return levels;
}

int default_reserve_ratio(const std::string& zone_name) {
  if (zone_name == "DMA" || zone_name == "DMA32") return 256;
  return zone_name == "Normal" ? 32 : 0;
}

Pages lowmem_reserve(const std::vector<ManagedZone>& zones, std::size_t zone, std::size_t highest,
                     const std::vector<int>& ratios) {
  if (ratios.at(zone) < 1) return Pages(0);
  Pages above;
  for (std::size_t i = zone + 1; i <= highest && i < zones.size(); ++i) {
    if (zones[i].node == zones[zone].node) above += zones[i].managed;
  }
  return above / ratios[zone];
}

Pages totalreserve(const std::vector<ManagedZone>& zones, const std::vector<ZoneLevels>& levels) {
  std::vector<int> ratios;
  ratios.reserve(zones.size());
  for (const ManagedZone& zone : zones)
    ratios.push_back(default_reserve_ratio(zone.name));
  Pages total;
  for (std::size_t i = 0; i < zones.size(); ++i) {
    // It grows with the zones above, so the last is the largest.
    const Pages kept = lowmem_reserve(zones, i, zones.size() - 1, ratios);
    total += std::min(zones[i].managed, kept + levels.at(i).high);
  }
  return total;
}

Pages mem_available(const AvailableTerms& terms) {
  Pages available = terms.free - terms.totalreserve;
  available += larger_half(terms.active_file + terms.inactive_file, terms.low);
  available += larger_half(terms.slab_reclaimable + terms.misc_reclaimable, terms.low);
  return std::max(available, Pages(0));
}

}  // namespace oomkit
