// Watermarks, reserves and MemAvailable with numbers worked out by hand; captured kernels
// say the same in captured_host_test.cc.
#include "kernel/zone_levels.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr KernelVersion kOld{3, 10};
constexpr KernelVersion kNew{6, 1};

// A PC of 16 GiB.
std::vector<ManagedZone> pc() {
  return {{0, "DMA", Pages(3'840)}, {0, "DMA32", Pages(500'000)}, {0, "Normal", Pages(3'500'000)}};
}

TEST(ZoneLevels, EachZoneHasItsShareOfMinFree) {
  const auto levels = zone_levels(pc(), {.min_free = KiB(67'584)}, kOld);
  // 16,896 pages over 4,003,840.
  EXPECT_EQ(levels[0].min, Pages(16));
  EXPECT_EQ(levels[1].min, Pages(2'109));
  EXPECT_EQ(levels[2].min, Pages(14'769));
}

TEST(ZoneLevels, Before4_6HighIsHalfAgainAboveMin) {
  const auto levels = zone_levels(pc(), {.min_free = KiB(67'584)}, kOld);
  EXPECT_EQ(levels[2].low, Pages(14'769 + 3'692));
  EXPECT_EQ(levels[2].high, Pages(14'769 + 7'384));
}

TEST(ZoneLevels, From4_6EachStepIsAQuarterOrTheScaleFactorWhicheverIsMore) {
  auto levels = zone_levels(pc(), {.min_free = KiB(67'584)}, kNew);
  EXPECT_EQ(levels[2].low, Pages(14'769 + 3'692)) << "a quarter of min is more than 0.1 %";
  EXPECT_EQ(levels[2].high, Pages(14'769 + 2 * 3'692));
  levels = zone_levels(pc(), {.min_free = KiB(67'584), .scale_factor = 200}, kNew);
  EXPECT_EQ(levels[2].low, Pages(14'769 + 70'000)) << "2 % of the zone";
}

TEST(ZoneLevels, HighMemoryHasAMinOfItsOwnAndGivesNothingToTheShare) {
  const std::vector<ManagedZone> zones = {{0, "Normal", Pages(200'000)},
                                          {0, "HighMem", Pages(600'000)}};
  const auto levels = zone_levels(zones, {.min_free = KiB(4'000)}, kOld);
  EXPECT_EQ(levels[0].min, Pages(1'000)) << "all of min_free_kbytes";
  EXPECT_EQ(levels[1].min, Pages(128)) << "managed / 1024, at most 128";
  EXPECT_EQ(levels[1].low, Pages(128 + 750)) << "but its steps follow its share";
}

TEST(ZoneLevels, LowmemReserveIsWhatLiesAboveInTheSameNode) {
  auto zones = pc();
  zones.push_back({1, "Normal", Pages(9'000'000)});
  const std::vector<int> ratios = {256, 256, 32, 32};
  EXPECT_EQ(lowmem_reserve(zones, 0, 1, ratios), Pages(500'000 / 256));
  EXPECT_EQ(lowmem_reserve(zones, 0, 2, ratios), Pages(4'000'000 / 256));
  EXPECT_EQ(lowmem_reserve(zones, 2, 3, ratios), Pages(0)) << "another node";
  EXPECT_EQ(lowmem_reserve(zones, 0, 2, {0, 256, 32, 32}), Pages(0)) << "switched off";
}

TEST(ZoneLevels, TotalreserveNeverExceedsWhatAZoneHas) {
  const auto zones = pc();
  const auto levels = zone_levels(zones, {.min_free = KiB(67'584)}, kNew);
  // DMA wants 15,625 of DMA32 and Normal above it, and has 3,840.
  EXPECT_EQ(totalreserve(zones, levels),
            Pages(3'840) + Pages(3'500'000 / 256) + levels[1].high + levels[2].high);
}

TEST(ZoneLevels, AvailableIsFreeAndHalfOrMoreOfWhatCanBeDropped) {
  AvailableTerms terms;
  terms.free = Pages(10'000);
  terms.active_file = Pages(3'000);
  terms.inactive_file = Pages(5'000);
  terms.slab_reclaimable = Pages(400);
  terms.totalreserve = Pages(6'000);
  terms.low = Pages(1'000);
  EXPECT_EQ(mem_available(terms), Pages(4'000 + 7'000 + 200));
  terms.free = Pages(0);
  terms.active_file = terms.inactive_file = terms.slab_reclaimable = Pages(0);
  EXPECT_EQ(mem_available(terms), Pages(0)) << "never negative";
}

}  // namespace
}  // namespace oomkit
