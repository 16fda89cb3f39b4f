#include "kernel/totalpages.h"

#include <gtest/gtest.h>

namespace oomkit {
namespace {

OomReport global_report() {
  OomReport report;
  report.constraint = Constraint::none;
  report.at.page_size = PageSize::k4K;
  HostMemory memory;
  memory.ram = Pages(1048576);
  memory.reserved = Pages(48576);
  memory.swap_total = KiB(2000000);
  report.at.host_memory = memory;
  return report;
}

OomReport memcg_report(std::int64_t limit_kib) {
  OomReport report;
  report.constraint = Constraint::memcg;
  report.at.page_size = PageSize::k4K;
  MemcgReport memcg;
  memcg.memory = MemcgCounter{KiB(limit_kib), KiB(limit_kib), 3, 1};
  report.at.memcg = memcg;
  return report;
}

TEST(TotalPagesTest, TheHostHasRamPlusSwap) {
  const auto total = totalpages_of(global_report());
  ASSERT_TRUE(total);
  EXPECT_EQ(total->pages, Pages(1000000 + 500000));
  EXPECT_TRUE(total->exact);
}

TEST(TotalPagesTest, WithoutTheSwapLineItIsALowerBound) {
  OomReport report = global_report();
  report.at.host_memory->swap_total.reset();
  EXPECT_EQ(totalpages_of(report)->pages, Pages(1000000));
  EXPECT_FALSE(totalpages_of(report)->exact);
  report.at.host_memory->ram.reset();
  EXPECT_FALSE(totalpages_of(report));
}

TEST(TotalPagesTest, ThePageSizeOfTheMachineCounts) {
  OomReport report = global_report();
  report.at.page_size = PageSize::k64K;
  EXPECT_EQ(totalpages_of(report)->pages, Pages(1000000 + 31250));
}

TEST(TotalPagesTest, AMemcgHasItsLimitAndTheSwapItMayUse) {
  OomReport report = memcg_report(204800);
  EXPECT_EQ(totalpages_of(report)->pages, Pages(51200));
  EXPECT_FALSE(totalpages_of(report)->exact) << "the host's swap is not in the report";

  report.at.memcg->swap = MemcgCounter{KiB(0), KiB(0), 0, 2};
  EXPECT_TRUE(totalpages_of(report)->exact);

  report.at.memcg->swap = MemcgCounter{KiB(1000), KiB(8000), 0, 2};
  EXPECT_EQ(totalpages_of(report)->pages, Pages(53200));
  EXPECT_FALSE(totalpages_of(report)->exact);
}

TEST(TotalPagesTest, MemswEqualToTheLimitLeavesNoSwap) {
  OomReport report = memcg_report(204800);
  report.at.memcg->memsw = MemcgCounter{KiB(204800), KiB(204800), 0, 2};
  EXPECT_EQ(totalpages_of(report)->pages, Pages(51200));
  EXPECT_TRUE(totalpages_of(report)->exact);
}

TEST(TotalPagesTest, AMemcgWithoutALimitHasNoMeasure) {
  OomReport report = memcg_report(1);
  report.at.memcg->memory->limit.reset();
  EXPECT_FALSE(totalpages_of(report));
  EXPECT_EQ(totalpages_of(memcg_report(0))->pages, Pages(1));
}

TEST(TotalPagesTest, ACpusetCountsItsNodesAndAllSwap) {
  OomReport report = global_report();
  report.constraint = Constraint::cpuset;
  report.selection = Selection{};
  report.selection->mems_allowed = "1";
  for (int node = 0; node < 2; ++node) {
    Zone zone;
    zone.node = node;
    zone.name = "Normal";
    zone.amounts.set("present", KiB(node == 0 ? 4000 : 8000));
    report.at.host_memory->zones.push_back(zone);
  }
  ASSERT_TRUE(totalpages_of(report));
  EXPECT_EQ(totalpages_of(report)->pages, Pages(2000 + 500000));
  EXPECT_FALSE(totalpages_of(report)->exact);
  report.selection->mems_allowed = "9";
  EXPECT_FALSE(totalpages_of(report));
}

TEST(TotalPagesTest, APrintedScoreGivesTheMeasureBack) {
  // 300,000 pages of 1,500,000: 200 per mille.
  const auto range = totalpages_of_score(Pages(300000), 0, 200);
  ASSERT_TRUE(range);
  EXPECT_LE(range->low, Pages(1500000));
  EXPECT_GE(range->high, Pages(1500000));
  EXPECT_GT(range->low, Pages(1490000));
  // The same task with an adj of 300: 300 * 1500 pages more.
  const auto adjusted = totalpages_of_score(Pages(300000), 300, 500);
  ASSERT_TRUE(adjusted);
  EXPECT_TRUE(adjusted->low <= Pages(1500000) && Pages(1500000) <= adjusted->high);
  EXPECT_FALSE(totalpages_of_score(Pages(300000), 0, 0));
  EXPECT_FALSE(totalpages_of_score(Pages(3), 1000, 1000));
}

TEST(TotalPagesTest, HostileNumbersGiveNothing) {
  OomReport report = global_report();
  report.at.host_memory->ram = Pages(INT64_MAX);
  report.at.host_memory->reserved = Pages(INT64_MIN);
  EXPECT_FALSE(totalpages_of(report));
  report = memcg_report(INT64_MAX);
  report.at.memcg->memsw = MemcgCounter{KiB(INT64_MAX), KiB(INT64_MAX), 0, 0};
  report.at.page_size = PageSize::k4K;
  EXPECT_NO_FATAL_FAILURE(totalpages_of(report));
  EXPECT_FALSE(totalpages_of_score(Pages(INT64_MAX), INT32_MIN, INT64_MAX));
}

}  // namespace
}  // namespace oomkit
