// The host's memory, its nodes, zones and swap: what was short, and what was not.
#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::find;
using testing::number;
using testing::ReportBuilder;

bool says(const Finding* finding, std::string_view words) {
  return finding != nullptr && (finding->detail.find(words) != std::string::npos ||
                                finding->title.find(words) != std::string::npos);
}

// 4 GB of RAM, full: one node, its zones at their minimum.
ReportBuilder full_host(const std::string& gfp = "GFP_HIGHUSER_MOVABLE", int order = 0) {
  ReportBuilder report;
  report.trigger("db", 7, gfp, order)
      .host(1'000'000, 0)
      .swap(0, 0)
      .counter_of("free", 20'000)
      .counter_of("active_anon", 400'000)
      .counter_of("inactive_anon", 500'000)
      .zone("DMA32", 30'000, 40'000, 2'000'000)
      .zone("Normal", 50'000, 60'000, 2'000'000)
      .kill(7, "db", 3'000'000);
  return report;
}

TEST(HostExhaustedTest, SaysHowMuchThereWasAndWasFree) {
  const Explanation e = explained(full_host());
  const Finding* finding = find(e, FindingId::host_exhausted);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "total_bytes"), 4'096'000'000);
  EXPECT_EQ(number(finding, "free_bytes"), 81'920'000);
  EXPECT_EQ(find(e, FindingId::free_but_unusable), nullptr);
  EXPECT_EQ(find(e, FindingId::fragmentation), nullptr);
  EXPECT_EQ(find(e, FindingId::lowmem_exhausted), nullptr);
}

TEST(HostExhaustedTest, IsNotSaidOfAManualKillNorOfADaemons) {
  ReportBuilder manual = full_host();
  manual.raw().manual = true;
  EXPECT_EQ(find(explained(manual), FindingId::host_exhausted), nullptr);
  ReportBuilder daemon = full_host();
  daemon.raw().killer = Killer::earlyoom;
  EXPECT_EQ(find(explained(daemon), FindingId::host_exhausted), nullptr);
}

TEST(HostExhaustedTest, WithoutMemoryLinesOnlyTheScopeIsSaid) {
  ReportBuilder report = full_host();
  report.raw().at.host_memory.reset();
  const Explanation e = explained(report);
  EXPECT_TRUE(says(find(e, FindingId::host_exhausted), "is not in the log"));
  EXPECT_TRUE(find(e, FindingId::host_exhausted)->numbers.empty());
}

TEST(CpusetTest, NamesTheNodesThatWereShortAndThoseThatWereNot) {
  ReportBuilder report = full_host();
  report.zone("Normal", 900'000, 60'000, 2'000'000, 1);
  report.raw().constraint = Constraint::cpuset;
  report.raw().selection->constraint_word = "CONSTRAINT_CPUSET";
  report.raw().selection->mems_allowed = "0";
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::cpuset_exhausted);
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(says(finding, "Of those that it may not use, node 1 had 878.9 MiB free"));
  EXPECT_EQ(number(finding, "free_on_allowed_nodes_bytes"), 80'000LL * 1024);
  EXPECT_EQ(number(finding, "free_on_other_nodes_bytes"), 900'000LL * 1024);
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
  EXPECT_TRUE(says(find(e, FindingId::free_but_unusable), "on a node that the task may not use"));
}

TEST(CpusetTest, AMovableOnlyNodeCannotServeTheKernel) {
  ReportBuilder report;
  report.trigger("runc", 7, "GFP_HIGHUSER|__GFP_ACCOUNT")
      .host(1'000'000, 0)
      .zone("Normal", 900'000, 60'000, 2'000'000, 0)
      .zone("Movable", 900'000, 60'000, 2'000'000, 4)
      .kill(8, "db", 3'000'000);
  report.raw().constraint = Constraint::cpuset;
  report.raw().selection->mems_allowed = "4";
  EXPECT_TRUE(says(find(explained(report), FindingId::cpuset_exhausted), "movable memory only"));
}

TEST(CpusetTest, IsSilentWithoutThatConstraint) {
  EXPECT_EQ(find(explained(full_host()), FindingId::cpuset_exhausted), nullptr);
  EXPECT_EQ(find(explained(full_host()), FindingId::mempolicy_exhausted), nullptr);
}

TEST(MempolicyTest, NamesTheNodesOfItsMask) {
  ReportBuilder report = full_host();
  report.zone("Normal", 900'000, 60'000, 2'000'000, 1);
  report.raw().constraint = Constraint::memory_policy;
  report.raw().selection->nodemask = "0";
  report.raw().selection->mems_allowed = "0-1";
  const Explanation e = explained(report);
  EXPECT_TRUE(
      says(find(e, FindingId::mempolicy_exhausted), "bound to node 0 by its memory policy"));
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
}

TEST(LowmemTest, HighMemoryCannotServeTheKernel) {
  ReportBuilder report("3.13.0-32-generic");
  report.trigger("kthread", 7, "GFP_KERNEL")
      .host(4'000'000, 0)
      .zone("DMA", 2'000, 4'000, 16'000)
      .zone("Normal", 3'000, 4'000, 800'000)
      .zone("HighMem", 9'000'000, 512, 15'000'000)
      .kill(8, "db", 3'000'000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::lowmem_exhausted);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "free_in_reach_bytes"), 5'000LL * 1024);
  EXPECT_EQ(number(finding, "free_beyond_bytes"), 9'000'000LL * 1024);
  EXPECT_FALSE(finding->advice.empty());
  EXPECT_NE(e.verdict.find("the zones that the request could use were empty"), std::string::npos);
}

TEST(LowmemTest, IsSilentWhenAllZonesAreShortOrAllMayBeUsed) {
  ReportBuilder all_short("3.13.0-32-generic");
  all_short.trigger("kthread", 7, "GFP_KERNEL")
      .host(4'000'000, 0)
      .zone("Normal", 3'000, 4'000, 800'000)
      .zone("HighMem", 500, 512, 15'000'000)
      .kill(8, "db", 3'000'000);
  EXPECT_EQ(find(explained(all_short), FindingId::lowmem_exhausted), nullptr);
  EXPECT_EQ(find(explained(full_host()), FindingId::lowmem_exhausted), nullptr);
}

FreeBlocks blocks(std::int64_t count, std::int64_t kib) {
  return {count, KiB(kib), count > 0 ? "UME" : ""};
}

TEST(FragmentationTest, FreePagesWithoutABlockOfTheOrder) {
  ReportBuilder report = full_host("GFP_KERNEL|__GFP_COMP", 3);
  report.raw().at.host_memory->zones.clear();
  report.zone("Normal", 500'000, 60'000, 4'000'000);
  report.last_zone().free_blocks = {blocks(100'000, 4), blocks(12'500, 8), blocks(0, 16),
                                    blocks(0, 32)};
  report.last_zone().free_blocks_line = 55;
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::fragmentation);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "order"), 3);
  EXPECT_EQ(number(finding, "free_bytes"), 500'000LL * 1024);
  EXPECT_TRUE(says(finding, "its largest free block is 8.0 KiB")) << finding->detail;
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr) << "RAM was not what was missing";
  EXPECT_NE(e.verdict.find("pages side by side were missing"), std::string::npos);
}

TEST(FragmentationTest, IsSilentWithABlockAndForSinglePages) {
  ReportBuilder block = full_host("GFP_KERNEL", 3);
  block.raw().at.host_memory->zones.clear();
  block.zone("Normal", 500'000, 60'000, 4'000'000);
  block.last_zone().free_blocks = {blocks(100'000, 4), blocks(1, 32)};
  EXPECT_EQ(find(explained(block), FindingId::fragmentation), nullptr);
  EXPECT_EQ(find(explained(full_host()), FindingId::fragmentation), nullptr);
}

TEST(FreeButUnusableTest, TheReserveForLowZonesIsShownWithItsSum) {
  ReportBuilder report = full_host();
  report.raw().at.host_memory->zones[0] = Zone();
  Zone& dma = report.raw().at.host_memory->zones[0];
  dma.node = 0;
  dma.name = "DMA";
  dma.amounts.set("free", KiB(14'000));
  dma.amounts.set("min", KiB(200));
  dma.lowmem_reserve = {Pages(0), Pages(5'000), Pages(5'000)};
  const Explanation e = explained(report);
  EXPECT_TRUE(says(find(e, FindingId::free_but_unusable),
                   "14,000 kB free is not more than min 200 kB + lowmem_reserve 20,000 kB"));
  EXPECT_EQ(find(e, FindingId::free_but_unusable)->severity, Severity::info);
}

TEST(FreeButUnusableTest, ContiguousMemoryForDevicesDoesNotServeTheKernel) {
  ReportBuilder report = full_host("GFP_KERNEL");
  report.raw().at.host_memory->zones.clear();
  report.zone("Normal", 100'000, 20'000, 4'000'000);
  report.last_zone().amounts.set("free_cma", KiB(90'000));
  EXPECT_TRUE(says(find(explained(report), FindingId::free_but_unusable), "90,000 kB of it CMA"));
}

TEST(FreeButUnusableTest, ABoostedMinimumIsNamed) {
  ReportBuilder report = full_host();
  report.raw().at.host_memory->zones.clear();
  report.zone("Normal", 25'000, 26'000, 4'000'000);
  report.last_zone().amounts.set("boost", KiB(18'000));
  EXPECT_TRUE(says(find(explained(report), FindingId::free_but_unusable), "raised by 18,000 kB"));
}

TEST(FreeButUnusableTest, ZonesThatPassSayThatTheHostWasNotShort) {
  ReportBuilder report = full_host();
  report.raw().at.host_memory->zones.clear();
  report.zone("Normal", 2'000'000, 26'000, 4'000'000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::free_but_unusable);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::warning);
  EXPECT_TRUE(says(finding, "freed after the request had failed"));
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
}

TEST(FreeButUnusableTest, AMaskOfZeroBlamesNoZone) {
  ReportBuilder report = full_host("");
  report.raw().at.host_memory->zones.clear();
  report.zone("Normal", 2'000'000, 26'000, 4'000'000);
  const Explanation e = explained(report);
  EXPECT_TRUE(says(find(e, FindingId::free_but_unusable), "The request's mask is 0"));
  EXPECT_EQ(find(e, FindingId::host_exhausted), nullptr);
  EXPECT_NE(e.verdict.find("of RAM were free"), std::string::npos) << e.verdict;
}

TEST(SwapAbsentTest, SaysWhatHadNowhereToGo) {
  const Explanation e = explained(full_host());
  EXPECT_EQ(number(find(e, FindingId::swap_absent), "anon_bytes"), 900'000LL * 4096);
  EXPECT_EQ(find(e, FindingId::swap_absent)->advice.size(), 1U);
  EXPECT_EQ(find(e, FindingId::swap_full), nullptr);
}

TEST(SwapAbsentTest, AGroupMayBeForbiddenToSwap) {
  ReportBuilder forbidden;
  forbidden.group(1000, 1000).swap_counter(0, 0).kill(7, "db", 900);
  EXPECT_TRUE(says(find(explained(forbidden), FindingId::swap_absent), "memory.swap.max is 0"));
  ReportBuilder unlimited;
  unlimited.group(1000, 1000).swap_counter(0, std::nullopt).kill(7, "db", 900);
  EXPECT_EQ(find(explained(unlimited), FindingId::swap_absent), nullptr);
  ReportBuilder equal;
  equal.group("/box", "/box", 1000, 1000, 1).memsw_counter(1000, 1000).kill(7, "db", 900);
  EXPECT_TRUE(says(find(explained(equal), FindingId::swap_absent), "equals that of memory"));
}

TEST(SwapFullTest, SaysHowMuchOfItTheTasksHave) {
  ReportBuilder report = full_host();
  report.swap(100, 1'000'000).task(7, "db", 1000, 0, 150'000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::swap_full);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "swap_used_bytes"), 999'900LL * 1024);
  EXPECT_EQ(number(finding, "swap_in_tasks_bytes"), 150'000LL * 4096);
  EXPECT_TRUE(says(finding, "are tmpfs, shared memory"));
  EXPECT_EQ(find(e, FindingId::swap_unusable), nullptr);
}

TEST(SwapFullTest, AGroupsOwnSwapLimitCounts) {
  ReportBuilder report;
  report.group(1000, 1000).swap_counter(500, 500).kill(7, "db", 900);
  EXPECT_EQ(number(find(explained(report), FindingId::swap_full), "swap_total_bytes"), 512'000);
  report.swap_counter(499, 500);
  EXPECT_EQ(find(explained(report), FindingId::swap_full), nullptr);
}

TEST(SwapUnusableTest, FreeSwapWithNothingToPutThere) {
  ReportBuilder report = full_host();
  report.swap(90'000, 100'000).counter_of("active_anon", 100).counter_of("inactive_anon", 127);
  EXPECT_TRUE(says(find(explained(report), FindingId::swap_unusable), "next to nothing"));
  report.swap(0, 100'000);
  EXPECT_EQ(find(explained(report), FindingId::swap_unusable), nullptr);
}

}  // namespace
}  // namespace oomkit
