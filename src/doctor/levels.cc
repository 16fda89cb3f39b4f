// Where the kernel begins to reclaim, and what it keeps for those who cannot wait.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/size_text.h"
#include "doctor/advice.h"
#include "doctor/checks.h"
#include "explain/words.h"
#include "kernel/zone_levels.h"

namespace oomkit::doctor {
namespace {

// In the order of the snapshot's zones; empty if a size is missing.
std::vector<ManagedZone> managed_zones(const Facts& facts) {
  std::vector<ManagedZone> zones;
  if (!facts.snapshot().host_memory || !facts.snapshot().page_size) return zones;
  for (const Zone& zone : facts.snapshot().host_memory->zones) {
    const auto managed = zone.find("managed");
    if (!managed) return {};
    zones.push_back({zone.node.value_or(0), zone.name,
                     floor_pages(to_bytes(*managed), *facts.snapshot().page_size)});
  }
  return zones;
}

// init_per_zone_wmark_min(): the square root of 16 times the low memory in kB, from 128 kB to
// 64 MiB; to 256 MiB from 5.9 on.
std::int64_t kernels_own_min_free(const Facts& facts, const std::vector<ManagedZone>& zones) {
  Bytes low;
  for (const ManagedZone& zone : zones) {
    if (zone.name != "HighMem" && zone.name != "Movable")
      low += to_bytes(zone.managed, *facts.snapshot().page_size);
  }
  const auto root = static_cast<std::int64_t>(
      std::sqrt(16.0 * static_cast<double>(std::max<std::int64_t>(floor_kib(low).count(), 0))));
  const bool later = facts.version() && facts.since({5, 9, 0});
  return std::clamp<std::int64_t>(root, 128, later ? 262'144 : 65'536);
}

// A counter that is one number, or one a zone.
std::int64_t counter_sum(const Facts& facts, std::string_view name) {
  // Counts as an amount, for they may be anything and sums of amounts saturate.
  Pages sum(facts.vmstat(name).value_or(0));
  for (const char* zone : {"_dma", "_dma32", "_normal", "_high", "_movable", "_device"})
    sum += Pages(facts.vmstat(std::string(name) + zone).value_or(0));
  return sum.count();
}

// From the level at which kswapd starts to that at which allocations have to wait.
std::optional<Bytes> low_to_min(const Facts& facts, const std::vector<ManagedZone>& zones,
                                std::int64_t min_free_kib, std::int64_t scale_factor) {
  if (zones.empty() || !facts.version()) return std::nullopt;
  ZoneSettings settings;
  settings.page_size = *facts.snapshot().page_size;
  settings.min_free = KiB(min_free_kib);
  settings.scale_factor = static_cast<int>(std::clamp<std::int64_t>(scale_factor, 1, 3000));
  Pages sum;
  for (const ZoneLevels& levels : zone_levels(zones, settings, *facts.version()))
    sum += levels.low - levels.min;
  return to_bytes(sum, *facts.snapshot().page_size);
}

}  // namespace

std::optional<Diagnosis> check_min_free(const Facts& facts) {
  const auto kib = facts.sysctl("vm.min_free_kbytes");
  const auto ram = facts.ram();
  const std::vector<ManagedZone> zones = managed_zones(facts);
  if (!kib || *kib < 0 || !ram) {
    return not_known(
        "vm.min_free_kbytes or MemTotal cannot be read: what is kept for requests "
        "that cannot wait.");
  }
  const Bytes size = to_bytes(KiB(*kib));
  Diagnosis check;
  check.numbers.add("min_free_kbytes", *kib);
  check.value = text_of({size_text(size), ", ", share_text(size, *ram), " of RAM"});
  if (zones.empty()) return check;
  const std::int64_t own = kernels_own_min_free(facts, zones);
  check.numbers.add("kernel_default_kbytes", own);
  if (*kib < own - own / 10) {
    check.status = CheckStatus::warning;
    check.why = text_of({"The kernel itself would keep ", size_text(to_bytes(KiB(own))),
                         " on a machine of this size. With less, interrupts and the network "
                         "find nothing free in a burst, and reclaim itself may stall."});
    check.fix = set_sysctl("vm.min_free_kbytes", own);
  } else if (size > *ram / 20 && *kib > own * 2) {
    check.status = CheckStatus::warning;
    check.why = text_of({size_text(size),
                         " is never given to processes: the OOM killer comes "
                         "that much earlier. The kernel itself would keep ",
                         size_text(to_bytes(KiB(own))), "."});
    check.fix = set_sysctl("vm.min_free_kbytes", own);
  }
  return check;
}

std::optional<Diagnosis> check_watermarks(const Facts& facts) {
  if (!facts.since({4, 6, 0})) return std::nullopt;
  const auto factor = facts.sysctl("vm.watermark_scale_factor");
  const auto min_free = facts.sysctl("vm.min_free_kbytes");
  if (!factor || !min_free) {
    return not_known(
        "vm.watermark_scale_factor or vm.min_free_kbytes cannot be read: how early "
        "kswapd starts.");
  }
  const std::vector<ManagedZone> zones = managed_zones(facts);
  const auto distance = low_to_min(facts, zones, *min_free, *factor);
  Diagnosis check;
  check.numbers.add("watermark_scale_factor", *factor);
  check.value = "factor " + std::to_string(*factor);
  if (distance) {
    check.value += ": kswapd starts " + size_text(*distance) + " before allocations wait";
    check.numbers.add("low_to_min_bytes", distance->count());
  }
  const std::int64_t direct = counter_sum(facts, "pgscan_direct");
  const std::int64_t kswapd = counter_sum(facts, "pgscan_kswapd");
  const std::int64_t stalls = counter_sum(facts, "allocstall");
  check.numbers.add("pgscan_direct", direct);
  check.numbers.add("pgscan_kswapd", kswapd);
  check.numbers.add("allocstall", stalls);
  constexpr std::int64_t kStallsMin = 1000;
  constexpr std::int64_t kFactorMax = 200;  // 2 % of each zone.
  const bool too_late = stalls >= kStallsMin && direct > kswapd / 4;
  if (!too_late || *factor >= kFactorMax) return check;
  const std::int64_t better =
      std::clamp<std::int64_t>(std::min(*factor, kFactorMax) * 5, 50, kFactorMax);
  const auto then = low_to_min(facts, zones, *min_free, better);
  check.status = CheckStatus::notice;
  check.why = text_of({"Since boot processes had to reclaim memory themselves ", grouped(stalls),
                       " times (allocstall), and did ",
                       share_text(Bytes(direct), Bytes(direct) + Bytes(kswapd)),
                       " of all scanning: kswapd starts too late for the bursts here."});
  if (then) {
    check.why += text_of(
        {" With ", std::to_string(better), " it would start ", size_text(*then), " before."});
  }
  check.fix = set_sysctl("vm.watermark_scale_factor", better);
  return check;
}

}  // namespace oomkit::doctor
