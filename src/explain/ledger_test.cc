// Where every byte was: rows that do not overlap, a remainder that is stated.
#include "explain/ledger.h"

#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::find;
using testing::number;
using testing::ReportBuilder;
using testing::row;

Bytes sum_of_rows(const Ledger& ledger) {
  Bytes sum(0);
  for (const LedgerRow& entry : ledger.rows)
    sum += entry.amount;
  return sum;
}

// 204,000 kB in use: anon, file with shmem inside, kernel with its parts inside, sock.
ReportBuilder modern_group() {
  ReportBuilder report("5.19.0-1-amd64");
  report.group(204000, 204800)
      .stat("anon", 100'000'000)
      .stat("file", 30'000'000)
      .stat("shmem", 20'000'000)
      .stat("kernel", 8'000'000)
      .stat("kernel_stack", 1'000'000)
      .stat("pagetables", 2'000'000)
      .stat("slab_reclaimable", 500'000)
      .stat("slab_unreclaimable", 1'500'000)
      .stat("slab", 2'000'000)
      .stat("sock", 70'000'000)
      .stat("anon_thp", 50'000'000)
      .stat("file_mapped", 9'000'000)
      .stat("inactive_anon", 90'000'000);
  return report;
}

TEST(MemcgLedgerTest, PartsAreNeverCountedTwice) {
  const Explanation e = explained(modern_group());
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(e.ledger->total, Bytes(204000LL * 1024));
  EXPECT_EQ(e.ledger->limit, Bytes(204800LL * 1024));
  EXPECT_EQ(row(e, "anon"), Bytes(100'000'000));
  EXPECT_EQ(row(e, "file"), Bytes(10'000'000)) << "shmem is inside file";
  EXPECT_EQ(row(e, "shmem"), Bytes(20'000'000));
  EXPECT_EQ(row(e, "kernel"), Bytes(3'000'000)) << "what no part of `kernel` explains";
  EXPECT_EQ(row(e, "slab_unreclaimable"), Bytes(1'500'000));
  EXPECT_EQ(row(e, "slab"), std::nullopt) << "the sum of both slabs";
  EXPECT_EQ(row(e, "sock"), Bytes(70'000'000));
  EXPECT_EQ(sum_of_rows(*e.ledger), Bytes(208'000'000));
  EXPECT_EQ(e.ledger->unaccounted, Bytes(204000LL * 1024 - 208'000'000));
  EXPECT_FALSE(e.ledger->approximate);
}

TEST(MemcgLedgerTest, RowsOutsideProcessesAreMarked) {
  const Explanation e = explained(modern_group());
  ASSERT_TRUE(e.ledger);
  // Of the kernel's 8 MB two are page tables, which go with their processes.
  EXPECT_EQ(outside_processes(*e.ledger), Bytes(20'000'000 + 6'000'000 + 70'000'000));
}

// v2 before 5.11 charges page tables and prints no number for them.
TEST(MemcgLedgerTest, PageTablesThatNoStatisticHasAreThoseOfTheTable) {
  ReportBuilder report("5.10.0-1-amd64");
  report.group(48 << 10, 48 << 10).stat("anon", 12 << 20).stat("file", 0).stat("percpu", 0);
  report.task(70, "sparse", 292, 0, 0, 35 << 20);
  report.task(69, "holder", 3310, 0, 0, 72 << 10);
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(row(e, "pagetables"), Bytes((35 << 20) + (72 << 10)));
  EXPECT_LT(e.ledger->unaccounted, Bytes(1 << 20));
  EXPECT_NE(find(e, FindingId::pagetables_heavy), nullptr);
}

TEST(MemcgLedgerTest, PageTablesExplainNoMoreThanIsLeft) {
  ReportBuilder report("5.10.0-1-amd64");
  report.group(48 << 10, 48 << 10).stat("anon", 46 << 20).stat("file", 0);
  report.task(70, "sparse", 292, 0, 0, 35 << 20);
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(row(e, "pagetables"), Bytes(2 << 20));
  EXPECT_EQ(e.ledger->unaccounted, Bytes(0));
}

TEST(MemcgLedgerTest, BeforeKernelWasPrintedItIsSummedFromItsParts) {
  ReportBuilder report("5.10.0-1-amd64");
  report.group(100, 100)
      .stat("anon", 80'000)
      .stat("file", 2'000)
      .stat("percpu", 400)
      .stat("kernel_stack", 600)
      .stat("slab", 5'000);
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_TRUE(e.ledger->approximate);
  EXPECT_EQ(row(e, "kernel"), std::nullopt);
  EXPECT_EQ(row(e, "slab"), Bytes(5'000));
  EXPECT_EQ(e.ledger->unaccounted, Bytes(102'400 - 88'000));
}

TEST(MemcgLedgerTest, VersionOneCountsItsSubtreeAndItsKernelCounter) {
  ReportBuilder report("6.8.0-1-amd64");
  report.group("/box", "/box", 1000, 1000, 1)
      .kmem_counter(100)
      .stat("cache", 7)
      .stat("rss", 7)
      .stat("total_cache", 200'000)
      .stat("total_rss", 700'000)
      .stat("total_shmem", 50'000);
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(row(e, "rss"), Bytes(700'000)) << "the subtree, not the group alone";
  EXPECT_EQ(row(e, "cache"), Bytes(150'000));
  EXPECT_EQ(row(e, "shmem"), Bytes(50'000));
  EXPECT_EQ(row(e, "kmem"), Bytes(102'400));
  EXPECT_EQ(e.ledger->unaccounted, Bytes(1'024'000 - 1'002'400));
}

TEST(MemcgLedgerTest, VersionOneDoesNotCountSockets) {
  ReportBuilder report("5.10.0-1-amd64");
  report.group("/box", "/box", 1000, 1000, 1)
      .kmem_counter(0)
      .stat("anon", 1'000'000)
      .stat("file", 0)
      .stat("sock", 900'000);
  const Explanation e = explained(report);
  EXPECT_EQ(row(e, "sock"), std::nullopt) << "v1 counts TCP apart from memory";
  EXPECT_EQ(find(e, FindingId::socket_memory), nullptr);
}

TEST(MemcgLedgerTest, OldLinesAreSummedOverTheSubtree) {
  ReportBuilder report("4.4.0-1-amd64");
  report.group("/box", "/box/a", 1000, 1000, 1).kmem_counter(10);
  for (const char* path : {"/box", "/box/a", "/box/b"}) {
    MemcgSubtreeStat& part = report.raw().at.memcg->subtree.emplace_back();
    part.path = path;
    part.line = 21;
    part.stat.set("rss", 300'000);
    part.stat.set("cache", 20'000);
  }
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(row(e, "rss"), Bytes(900'000));
  EXPECT_EQ(row(e, "cache"), Bytes(60'000));
  EXPECT_EQ(e.ledger->unaccounted, Bytes(1'024'000 - 970'240));
}

TEST(MemcgLedgerTest, MoreThanTheUsageIsSaidAndNotHidden) {
  ReportBuilder report;
  report.group(1000, 1000).stat("anon", 1'025'000).stat("file", 0).stat("kernel", 0);
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_EQ(e.ledger->unaccounted, Bytes(-1'000));
  const Finding* sums = find(e, FindingId::memory_sums);
  ASSERT_NE(sums, nullptr);
  EXPECT_EQ(number(sums, "unaccounted_bytes"), -1'000);
  EXPECT_NE(sums->detail.find("add up to 1000 B (0.1 %) more than the usage"), std::string::npos)
      << sums->detail;
}

TEST(MemcgLedgerTest, WithoutUsageOrStatisticsThereIsNone) {
  ReportBuilder no_stat;
  no_stat.group(1000, 1000);
  EXPECT_FALSE(explained(no_stat).ledger);
  ReportBuilder no_usage;
  no_usage.group(1000, 1000).stat("anon", 1);
  no_usage.raw().at.memcg->memory.reset();
  EXPECT_FALSE(explained(no_usage).ledger);
  EXPECT_EQ(find(explained(no_usage), FindingId::memory_sums), nullptr);
}

// 1,000,000 pages of RAM less 100,000 reserved.
ReportBuilder plain_host() {
  ReportBuilder report;
  report.host(1'000'000, 100'000)
      .counter_of("free", 10'000)
      .counter_of("free_pcp", 100)
      .counter_of("active_anon", 200'000)
      .counter_of("inactive_anon", 400'000)
      .counter_of("isolated_anon", 32)
      .counter_of("active_file", 5'000)
      .counter_of("inactive_file", 4'000)
      .counter_of("unevictable", 1'000)
      .counter_of("slab_reclaimable", 20'000)
      .counter_of("slab_unreclaimable", 30'000)
      .counter_of("mapped", 8'000)
      .counter_of("shmem", 50'000)
      .counter_of("dirty", 700)
      .counter_of("pagetables", 9'000);
  return report;
}

TEST(HostLedgerTest, ListsAndCountersAddUpToTheRam) {
  const Explanation e = explained(plain_host());
  ASSERT_TRUE(e.ledger);
  const auto pages = [](std::int64_t count) { return Bytes(count * 4096); };
  EXPECT_EQ(e.ledger->total, pages(900'000));
  EXPECT_EQ(row(e, "anon"), pages(550'032)) << "shmem is on the anonymous lists";
  EXPECT_EQ(row(e, "shmem"), pages(50'000));
  EXPECT_EQ(row(e, "file"), pages(9'000)) << "mapped and dirty are inside";
  EXPECT_EQ(row(e, "free_pcp"), pages(100));
  EXPECT_EQ(sum_of_rows(*e.ledger), pages(679'132));
  EXPECT_EQ(e.ledger->unaccounted, pages(900'000 - 679'132));
}

TEST(HostLedgerTest, StacksStandInNodesOrInZonesByVersion) {
  ReportBuilder zones = plain_host();
  zones.zone("Normal", 40'000, 40'000, 3'600'000);
  zones.last_zone().amounts.set("kernel_stack", KiB(4'096));
  EXPECT_EQ(row(explained(zones), "kernel_stack"), Bytes(4'096 * 1024));

  ReportBuilder nodes = plain_host();
  for (const int id : {0, 1}) {
    Node& node = nodes.raw().at.host_memory->nodes.emplace_back();
    node.id = id;
    node.amounts.set("kernel_stack", KiB(1'000));
  }
  EXPECT_EQ(row(explained(nodes), "kernel_stack"), Bytes(2'000 * 1024));
}

TEST(HostLedgerTest, HugePagePoolsCountAlsoWhileFree) {
  ReportBuilder report = plain_host();
  HugepagePool& pool = report.raw().at.host_memory->hugepages.emplace_back();
  pool.total = 100;
  pool.free = 60;
  pool.page_size = KiB(2048);
  EXPECT_EQ(row(explained(report), "hugetlb"), Bytes(100LL * 2048 * 1024));
}

TEST(HostLedgerTest, WithoutPageSizeCountersCannotBeAdded) {
  ReportBuilder report = plain_host();
  report.raw().at.page_size.reset();
  report.raw().at.kernel_release = "6.1.0";
  EXPECT_FALSE(explained(report).ledger);
}

TEST(HostLedgerTest, HostileNumbersSaturate) {
  ReportBuilder report = plain_host();
  for (const char* name : {"active_anon", "inactive_anon", "slab_unreclaimable"}) {
    report.counter_of(name, INT64_MAX);
  }
  const Explanation e = explained(report);
  ASSERT_TRUE(e.ledger);
  EXPECT_LT(e.ledger->unaccounted, Bytes(0));
}

TEST(HostLedgerTest, ZonesStandInForTheTotalsOnlyIfAllAreThere) {
  ReportBuilder report = plain_host();
  report.raw().at.host_memory->ram.reset();
  report.zone("Normal", 39'000, 4'000, 3'600'000);
  EXPECT_EQ(explained(report).ledger->total, Bytes(3'600'000LL * 1024));
  report.last_zone().amounts.set("free", KiB(20'000));
  EXPECT_FALSE(explained(report).ledger) << "half of what is free is in zones that are missing";
}

TEST(UnaccountedTest, ATenthOfRamIsAWarningAndATwentiethANotice) {
  const auto missing = [](std::int64_t pages) {
    ReportBuilder report;
    report.host(1'000'000, 0)
        .counter_of("free", 10'000)
        .counter_of("inactive_anon", 990'000 - pages);
    return explained(report);
  };
  const Explanation much = missing(100'000);
  ASSERT_NE(find(much, FindingId::unaccounted_memory), nullptr);
  EXPECT_EQ(find(much, FindingId::unaccounted_memory)->severity, Severity::warning);
  EXPECT_EQ(number(find(much, FindingId::unaccounted_memory), "unaccounted_bytes"),
            100'000LL * 4096);
  const Explanation some = missing(50'000);
  ASSERT_NE(find(some, FindingId::unaccounted_memory), nullptr);
  EXPECT_EQ(find(some, FindingId::unaccounted_memory)->severity, Severity::notice);
  EXPECT_EQ(find(missing(49'000), FindingId::unaccounted_memory), nullptr);
}

}  // namespace
}  // namespace oomkit
