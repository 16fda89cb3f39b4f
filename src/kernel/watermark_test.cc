#include "kernel/watermark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::ElementsAre;

GfpMeaning request_of(const char* text) {
  return explain_gfp(split_gfp_text(text));
}

Zone zone_of(const char* name, std::int64_t free, std::int64_t min,
             std::initializer_list<std::int64_t> reserve) {
  Zone zone;
  zone.node = 0;
  zone.name = name;
  zone.amounts.set("free", KiB(free));
  zone.amounts.set("min", KiB(min));
  for (const std::int64_t pages : reserve)
    zone.lowmem_reserve.emplace_back(pages);
  return zone;
}

// Buckets of 4 KiB pages: count and letters by order.
void set_blocks(Zone& zone, std::initializer_list<std::pair<std::int64_t, const char*>> buckets) {
  KiB size(4);
  for (const auto& [count, letters] : buckets) {
    zone.free_blocks.push_back({count, size, letters});
    size = size * 2;
  }
}

std::vector<ZoneVerdict> verdicts(const HostMemory& memory, const char* gfp, int order = 0,
                                  const std::vector<int>& nodes = {},
                                  std::optional<KernelVersion> version = std::nullopt) {
  std::vector<ZoneVerdict> found;
  for (const ZoneTest& test :
       test_zones(memory, request_of(gfp), order, nodes, PageSize::k4K, version)) {
    found.push_back(test.verdict);
  }
  return found;
}

// An x86_64 host: zones DMA, DMA32, Normal, Movable, Device were built in; three have memory.
HostMemory server() {
  HostMemory memory;
  memory.zones = {zone_of("DMA", 13312, 64, {0, 2991, 23961, 23961, 23961}),
                  zone_of("DMA32", 99000, 8400, {0, 0, 20970, 20970, 20970}),
                  zone_of("Normal", 58000, 59000, {0, 0, 0, 0, 0})};
  return memory;
}

TEST(TestZonesTest, LowZonesAreReservedAgainstAUserPage) {
  EXPECT_THAT(verdicts(server(), "GFP_HIGHUSER_MOVABLE"),
              ElementsAre(ZoneVerdict::reserved, ZoneVerdict::served, ZoneVerdict::below_min));
}

TEST(TestZonesTest, TheReserveIsTheOneAgainstTheHighestZoneOfTheRequest) {
  const auto tests = test_zones(server(), request_of("GFP_KERNEL|GFP_DMA32"), 0, {}, PageSize::k4K);
  ASSERT_EQ(tests.size(), 3U);
  EXPECT_EQ(tests[0].reserve, KiB(11964));
  EXPECT_EQ(tests[0].verdict, ZoneVerdict::served);
  EXPECT_EQ(tests[1].reserve, KiB(0));
  EXPECT_EQ(tests[2].verdict, ZoneVerdict::not_allowed);

  const auto user = test_zones(server(), request_of("GFP_KERNEL"), 0, {}, PageSize::k4K);
  EXPECT_EQ(user[0].reserve, KiB(95844));
  EXPECT_EQ(user[1].reserve, KiB(83880));
}

TEST(TestZonesTest, A32BitKernelRequestCannotUseHighMem) {
  HostMemory memory;
  memory.zones = {zone_of("DMA", 3500, 64, {0, 861, 12000, 12000}),
                  zone_of("Normal", 3000, 3700, {0, 0, 90000, 90000}),
                  zone_of("HighMem", 9000000, 512, {0, 0, 0, 0})};
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"),
              ElementsAre(ZoneVerdict::reserved, ZoneVerdict::below_min, ZoneVerdict::not_allowed));
  EXPECT_THAT(verdicts(memory, "GFP_HIGHUSER_MOVABLE"),
              ElementsAre(ZoneVerdict::reserved, ZoneVerdict::below_min, ZoneVerdict::served));
}

TEST(TestZonesTest, NodesOutsideTheMaskAreNotAllowed) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 1000, 5000, {0, 0}), zone_of("Normal", 900000, 5000, {0, 0})};
  memory.zones[1].node = 1;
  EXPECT_THAT(verdicts(memory, "GFP_HIGHUSER_MOVABLE", 0, {0}),
              ElementsAre(ZoneVerdict::below_min, ZoneVerdict::not_allowed));
  EXPECT_THAT(verdicts(memory, "GFP_HIGHUSER_MOVABLE"),
              ElementsAre(ZoneVerdict::below_min, ZoneVerdict::served));
}

TEST(TestZonesTest, CmaPagesServeOnlyMovableRequests) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 60000, 5000, {0, 0})};
  memory.zones[0].amounts.set("free_cma", KiB(58000));
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"), ElementsAre(ZoneVerdict::cma_or_atomic));
  EXPECT_THAT(verdicts(memory, "GFP_HIGHUSER_MOVABLE"), ElementsAre(ZoneVerdict::served));
}

TEST(TestZonesTest, TheHighatomicReserveServesNobodyWhoCanWait) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 9000, 5000, {0, 0})};
  memory.zones[0].amounts.set("reserved_highatomic", KiB(4096));
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"), ElementsAre(ZoneVerdict::cma_or_atomic));
  // From 7.x on: what of the reserve is really free.
  memory.zones[0].amounts.set("free_highatomic", KiB(0));
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"), ElementsAre(ZoneVerdict::served));
}

TEST(TestZonesTest, PlentyFreeButNoBlockOfTheOrderIsFragmentation) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 200000, 5000, {0, 0})};
  set_blocks(memory.zones[0], {{40000, "UME"}, {5000, "UM"}, {3, "H"}, {0, ""}, {2, "C"}});
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL", 1), ElementsAre(ZoneVerdict::served));
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL", 2), ElementsAre(ZoneVerdict::fragmented));
  // A movable request may take the CMA blocks.
  EXPECT_THAT(verdicts(memory, "GFP_HIGHUSER_MOVABLE", 2), ElementsAre(ZoneVerdict::served));
}

TEST(TestZonesTest, UpTo43OneBlockWasNotEnough) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 20000, 4000, {0, 0})};
  set_blocks(memory.zones[0], {{4500, "UEM"}, {100, "UM"}, {60, "M"}});
  const auto verdict = [&](const KernelVersion& version) {
    return verdicts(memory, "GFP_KERNEL", 2, {}, version).front();
  };
  // 20000 - 18000 - 800 = 1200 kB left after the smaller blocks, more than min/4 = 1000,
  // but after the first step 2000 is no more than min/2.
  EXPECT_EQ(verdict({3, 10, 0}), ZoneVerdict::fragmented);
  EXPECT_EQ(verdict({4, 4, 0}), ZoneVerdict::served);
}

TEST(TestZonesTest, WhatTheLogLacksIsUnknown) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", 20000, 4000, {0, 0})};
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL", 2), ElementsAre(ZoneVerdict::unknown));
  memory.zones[0].amounts = {};
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"), ElementsAre(ZoneVerdict::unknown));
  memory.zones = {zone_of("DMA", 9000, 64, {}), zone_of("Normal", 1000, 4000, {})};
  EXPECT_THAT(verdicts(memory, "GFP_KERNEL"),
              ElementsAre(ZoneVerdict::unknown, ZoneVerdict::below_min));
}

TEST(TestZonesTest, AMaskOfZeroLeavesItOpen) {
  EXPECT_THAT(verdicts(server(), ""),
              ElementsAre(ZoneVerdict::unknown, ZoneVerdict::unknown, ZoneVerdict::unknown));
}

TEST(TestZonesTest, HostileNumbersDoNotOverflow) {
  HostMemory memory;
  memory.zones = {zone_of("Normal", INT64_MAX, INT64_MIN, {INT64_MAX, INT64_MIN}),
                  zone_of("DMA", INT64_MIN, INT64_MAX, {INT64_MAX, INT64_MAX})};
  memory.zones[0].free_blocks = {
      {INT64_MAX, KiB(INT64_MAX), ""}, {INT64_MAX, KiB(4), "U"}, {INT64_MIN, KiB(INT64_MIN), "U"}};
  for (const int order : {-1, 0, 3, INT32_MAX}) {
    EXPECT_EQ(verdicts(memory, "GFP_KERNEL", order, {}, KernelVersion{3, 0, 0}).size(), 2U);
  }
}

TEST(ParseNodeListTest, ReadsTheKernelsListsAndNothingElse) {
  EXPECT_EQ(parse_node_list("0"), (std::vector<int>{0}));
  EXPECT_EQ(parse_node_list("0-3,8"), (std::vector<int>{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_node_list("0-1023")->size(), 1024U);
  for (const char* refused :
       {"", "(null)", "3-1", "0-1024", "1,1", "2,0", "0-", "0,", "0 1", "-1", "99999999999"}) {
    EXPECT_FALSE(parse_node_list(refused)) << refused;
  }
}

}  // namespace
}  // namespace oomkit
