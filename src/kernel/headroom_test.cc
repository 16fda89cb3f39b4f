#include "kernel/headroom.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

Zone zone(const char* name, std::int64_t free, std::int64_t min, std::int64_t low,
          std::int64_t reserve_pages) {
  Zone zone;
  zone.name = name;
  zone.amounts.add("free", KiB(free));
  zone.amounts.add("min", KiB(min));
  zone.amounts.add("low", KiB(low));
  zone.lowmem_reserve = {Pages(0), Pages(reserve_pages)};
  return zone;
}

Snapshot host() {
  Snapshot snapshot;
  snapshot.page_size = PageSize::k4K;
  HostMemory memory;
  // The small zone's free memory is all kept back; the large one has 900 kB above min.
  memory.zones = {zone("DMA", 400, 40, 50, 100), zone("Normal", 1000, 100, 150, 0)};
  memory.counters.add("active_file", Pages(100));
  memory.counters.add("inactive_file", Pages(200));
  memory.counters.add("slab_reclaimable", Pages(20));
  snapshot.host_memory = memory;
  return snapshot;
}

TEST(Headroom, OneZonesPlentyHelpsNoOther) {
  const auto headroom = host_headroom(host());
  ASSERT_TRUE(headroom.has_value());
  EXPECT_EQ(headroom->free_above_min, to_bytes(KiB(900)));
  EXPECT_EQ(headroom->free_above_low, to_bytes(KiB(850)));
  // 1200 kB of cache less the 200 kB of low, 80 kB of slab less its half.
  EXPECT_EQ(headroom->droppable, to_bytes(KiB(1000 + 40)));
  EXPECT_EQ(headroom->to_min(), to_bytes(KiB(1940)));
  EXPECT_FALSE(headroom->available.has_value()) << "nobody has said it";
}

TEST(Headroom, OfNothingKnownIsNothing) {
  EXPECT_FALSE(host_headroom(Snapshot{}).has_value());
  Snapshot without_page_size = host();
  without_page_size.page_size.reset();
  EXPECT_FALSE(host_headroom(without_page_size).has_value());
}

TEST(Headroom, AMemcgWithoutALimitHasNone) {
  MemcgNode memcg;
  memcg.usage = Bytes(10);
  EXPECT_FALSE(memcg_headroom(memcg).has_value());
  memcg.limit = MemcgLimit{};
  EXPECT_FALSE(memcg_headroom(memcg).has_value());
  memcg.limit = MemcgLimit{Bytes(7)};
  EXPECT_EQ(memcg_headroom(memcg)->left(), Bytes(-3)) << "it may be above for a moment";
  memcg.stat.add("active_file", 1);
  memcg.stat.add("inactive_file", 2);
  EXPECT_EQ(memcg_headroom(memcg)->droppable, Bytes(3));
}

TEST(Headroom, TimeLeftIsOfWhatGrows) {
  const auto growth = growth_per_s(Bytes(1'000'000), Bytes(3'000'000), 2.0);
  EXPECT_DOUBLE_EQ(growth.value(), 1'000'000);
  EXPECT_DOUBLE_EQ(time_left_s(Bytes(5'000'000), growth).value(), 5.0);
  EXPECT_FALSE(time_left_s(Bytes(5'000'000), -3.0).has_value());
  EXPECT_FALSE(time_left_s(Bytes(5'000'000), 100.0).has_value()) << "noise";
  EXPECT_DOUBLE_EQ(time_left_s(Bytes(-1), growth).value(), 0.0);
  EXPECT_FALSE(growth_per_s(std::nullopt, Bytes(1), 1.0).has_value());
  EXPECT_FALSE(growth_per_s(Bytes(1), Bytes(2), 0.0).has_value());
}

}  // namespace
}  // namespace oomkit
