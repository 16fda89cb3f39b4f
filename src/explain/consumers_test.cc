// What filled it: the kernel, sockets, tmpfs, files, one process or many.
#include <gtest/gtest.h>

#include "explain/explain_testing.h"

namespace oomkit {
namespace {

using testing::explained;
using testing::find;
using testing::number;
using testing::real_number;
using testing::ReportBuilder;

bool says(const Finding* finding, std::string_view words) {
  return finding != nullptr && (finding->detail.find(words) != std::string::npos ||
                                finding->title.find(words) != std::string::npos);
}

// 100 MiB, full; statistics are added by each test.
ReportBuilder box() {
  ReportBuilder report;
  report.group(102'400, 102'400).kill(7, "web", 1'000);
  return report;
}
constexpr std::int64_t kPercent = 1'048'576;  // Of that limit, in bytes.

ReportBuilder host() {
  ReportBuilder report;
  report.host(1'000'000, 0)
      .counter_of("free", 10'000)
      .counter_of("inactive_anon", 100'000)
      .kill(7, "web", 1'000);
  return report;
}

TEST(SocketMemoryTest, ExactBytesAndShareOfTheLimit) {
  ReportBuilder report;
  report.group(208'204, 204'800).stat("anon", 28'139'520).stat("sock", 183'623'680);
  const Explanation e = explained(report.kill(7, "web", 1'000));
  const Finding* finding = find(e, FindingId::socket_memory);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::critical);
  EXPECT_EQ(number(finding, "sock_bytes"), 183'623'680);
  EXPECT_EQ(number(finding, "limit_bytes"), 209'715'200);
  EXPECT_EQ(number(finding, "anon_bytes"), 28'139'520);
  EXPECT_NEAR(*real_number(finding, "share_percent"), 87.56, 0.01);
  EXPECT_TRUE(says(finding, "183,623,680 of 209,715,200 bytes (87.6 %)"));
  EXPECT_NE(e.verdict.find("87.6 %"), std::string::npos);
}

TEST(SocketMemoryTest, GradesByShareAndIsSilentBelowATenth) {
  const auto severity = [](std::int64_t percent) -> std::optional<Severity> {
    ReportBuilder report = box();
    const Explanation e = explained(report.stat("sock", percent * kPercent));
    const Finding* finding = find(e, FindingId::socket_memory);
    return finding != nullptr ? std::optional(finding->severity) : std::nullopt;
  };
  EXPECT_EQ(severity(9), std::nullopt);
  EXPECT_EQ(severity(10), Severity::notice);
  EXPECT_EQ(severity(20), Severity::warning);
  EXPECT_EQ(severity(50), Severity::critical);
}

TEST(ShmemTest, FilesInTmpfsAreToldFromWhatProcessesMap) {
  ReportBuilder report = box();
  report.stat("anon", kPercent).stat("file", 60 * kPercent).stat("shmem", 55 * kPercent);
  report.task(7, "web", 500);
  report.last_task().rss_anon = Pages(200);
  report.last_task().rss_shmem = Pages(300);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::shmem_heavy);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::critical);
  EXPECT_EQ(number(finding, "mapped_by_tasks_bytes"), 300 * 4096);
  EXPECT_TRUE(says(finding, "most are files"));
  ReportBuilder little = box();
  little.stat("anon", kPercent).stat("file", 60 * kPercent).stat("shmem", 9 * kPercent);
  EXPECT_EQ(find(explained(little), FindingId::shmem_heavy), nullptr);
}

TEST(ShmemTest, AHostsIsItsCounter) {
  ReportBuilder report = host();
  report.counter_of("shmem", 300'000);
  EXPECT_EQ(number(find(explained(report), FindingId::shmem_heavy), "shmem_bytes"),
            300'000LL * 4096);
}

TEST(DirtyCacheTest, PagesThatTheDiskHasNotTaken) {
  ReportBuilder report;
  report.group("/box", "/box", 102'400, 102'400, 1).kill(7, "dd", 1'000);
  report.stat("cache", 95 * kPercent).stat("rss", kPercent).stat("dirty", 90 * kPercent);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::dirty_cache);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "dirty_bytes"), 90 * kPercent);
  EXPECT_TRUE(says(finding, "cgroup v1 does not slow down"));
  EXPECT_NE(e.verdict.find("not on disk yet"), std::string::npos) << e.verdict;
  ReportBuilder clean = box();
  clean.stat("file", 95 * kPercent).stat("anon", kPercent).stat("file_dirty", 19 * kPercent);
  EXPECT_EQ(find(explained(clean), FindingId::dirty_cache), nullptr);
}

TEST(UnevictableTest, LockedMemory) {
  ReportBuilder report = box();
  report.stat("anon", 80 * kPercent).stat("unevictable", 75 * kPercent);
  EXPECT_EQ(number(find(explained(report), FindingId::unevictable_heavy), "unevictable_bytes"),
            75 * kPercent);
  ReportBuilder little = box();
  little.stat("anon", 80 * kPercent).stat("unevictable", 19 * kPercent);
  EXPECT_EQ(find(explained(little), FindingId::unevictable_heavy), nullptr);
}

ReportBuilder thrashing(std::int64_t refaults, std::int64_t stolen, std::int64_t lists) {
  ReportBuilder report = box();
  report.stat("anon", 90 * kPercent)
      .stat("inactive_file", lists)
      .stat("active_file", 0)
      .stat("workingset_refault_file", refaults)
      .stat("pgscan", stolen * 2)
      .stat("pgsteal", stolen);
  return report;
}

TEST(ThrashTest, PagesReadBackAsSoonAsTheyWereTaken) {
  const Explanation e = explained(thrashing(5'784, 5'880, 4'096));
  const Finding* finding = find(e, FindingId::page_cache_thrash);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "refaults"), 5'784);
  EXPECT_EQ(number(finding, "pgsteal"), 5'880);
}

TEST(ThrashTest, IsSilentWhereMostTakenPagesStayedAwayOrManyAreLeft) {
  EXPECT_EQ(find(explained(thrashing(2'321'768, 52'371'733, 0)), FindingId::page_cache_thrash),
            nullptr);
  EXPECT_EQ(find(explained(thrashing(5'784, 5'880, 20 * kPercent)), FindingId::page_cache_thrash),
            nullptr);
  EXPECT_EQ(find(explained(thrashing(100, 100, 0)), FindingId::page_cache_thrash), nullptr);
}

TEST(KernelMemoryTest, AGroupFullOfKernelMemory) {
  ReportBuilder report;
  report.group("/box", "/box", 524'288, 524'288, 1).kmem_counter(524'168).kill(7, "web", 100);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::kernel_memory);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::critical);
  EXPECT_TRUE(says(finding, "No process's own memory filled this group"));
  EXPECT_EQ(number(finding, "bytes"), 524'168LL * 1024);
  ReportBuilder little = box();
  EXPECT_EQ(find(explained(little.kmem_counter(10'000)), FindingId::kernel_memory), nullptr);
}

TEST(SlabTest, NamesTheLargestCachesAndWhatTheyAreFor) {
  ReportBuilder report = host();
  report.counter_of("slab_unreclaimable", 500'000);
  auto& caches = report.raw().at.host_memory->unreclaimable_slab;
  caches = {{"filp", KiB(100), KiB(110), 80},
            {"kmalloc-512", KiB(1'500'000), KiB(1'600'000), 81},
            {"btrfs_extent_map", KiB(200'000), KiB(210'000), 82},
            {"anon_vma", KiB(50), KiB(60), 83}};
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::slab_unreclaimable);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::critical);
  EXPECT_EQ(number(finding, "largest_cache_bytes"), 1'600'000LL * 1024);
  EXPECT_TRUE(says(finding, "The largest caches: kmalloc-512 1.5 GiB (allocated by size"));
  EXPECT_TRUE(says(finding, "btrfs_extent_map 205.1 MiB (the Btrfs file system)"));
  EXPECT_EQ(finding->lines, (std::vector<std::uint64_t>{31, 80, 81, 82}));
  EXPECT_NE(e.verdict.find("slab"), std::string::npos) << e.verdict;
}

TEST(SlabTest, IsSilentBelowATenth) {
  ReportBuilder report = host();
  EXPECT_EQ(find(explained(report.counter_of("slab_unreclaimable", 99'999)),
                 FindingId::slab_unreclaimable),
            nullptr);
}

TEST(PagetablesTest, SaysWhoHasTheLargest) {
  ReportBuilder report = host();
  report.counter_of("pagetables", 110'000)
      .task(7, "db", 1'000, 0, 0, 100'000'000)
      .task(8, "db", 1'000, 0, 0, 50'000'000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::pagetables_heavy);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::warning);
  EXPECT_EQ(number(finding, "largest_task_bytes"), 100'000'000);
  EXPECT_EQ(number(finding, "tasks_bytes"), 150'000'000);
  EXPECT_TRUE(says(finding, "db (pid 7)"));
  ReportBuilder little = host();
  EXPECT_EQ(find(explained(little.counter_of("pagetables", 39'999)), FindingId::pagetables_heavy),
            nullptr);
}

TEST(KernelStackTest, EstimatesTheNumberOfThreads) {
  ReportBuilder report = box();
  report.stat("anon", kPercent).stat("kernel_stack", 20 * kPercent);
  const Explanation e = explained(report);
  EXPECT_EQ(number(find(e, FindingId::kernel_stack_heavy), "threads_about"),
            20 * kPercent / 16'384);
  ReportBuilder old("3.10.0-514.el7.x86_64");
  old.group(102'400, 102'400).stat("anon", 1).stat("kernel_stack", 20 * kPercent);
  EXPECT_EQ(number(find(explained(old), FindingId::kernel_stack_heavy), "threads_about"),
            20 * kPercent / 8'192);
  ReportBuilder little = box();
  EXPECT_EQ(
      find(explained(little.stat("kernel_stack", 3 * kPercent)), FindingId::kernel_stack_heavy),
      nullptr);
}

TEST(HugetlbTest, FreePagesOfThePoolAreLost) {
  ReportBuilder report = host();
  HugepagePool& pool = report.raw().at.host_memory->hugepages.emplace_back();
  pool.total = 500;
  pool.free = 400;
  pool.page_size = KiB(2'048);
  pool.line = 57;
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::hugetlb_reserved);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, Severity::warning);
  EXPECT_EQ(number(finding, "pool_free_bytes"), 400LL * 2'048 * 1024);
  EXPECT_NE(finding->advice.at(0).find("by the 400 pages"), std::string::npos);
  HugepagePool& small = report.raw().at.host_memory->hugepages[0];
  small.free = 0;
  EXPECT_EQ(find(explained(report), FindingId::hugetlb_reserved)->severity, Severity::notice)
      << "a quarter of RAM is worth a word also when it is in use";
  small.total = 400;
  EXPECT_EQ(find(explained(report), FindingId::hugetlb_reserved), nullptr);
}

TEST(SingleProcessTest, OneThatHeldMostOfIt) {
  ReportBuilder report = box();
  report.stat("anon", 90 * kPercent).task(7, "web", 16'384).task(8, "sh", 100);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::single_process);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "rss_bytes"), 64 * kPercent);
  EXPECT_EQ(number(finding, "pid"), 7);
  EXPECT_TRUE(says(finding, "It is the one that was killed"));
  EXPECT_NE(finding->advice.at(0).find("stay below 64.0 MiB"), std::string::npos)
      << finding->advice[0];
  ReportBuilder half = box();
  half.task(7, "web", 12'000).task(8, "sh", 100);
  EXPECT_EQ(find(explained(half), FindingId::single_process), nullptr);
}

TEST(ManyWorkersTest, LikeNamedProcessesAreASum) {
  ReportBuilder report = box();
  for (int i = 0; i < 50; ++i)
    report.task(100 + i, "worker", 450);
  report.task(7, "web", 1'000);
  const Explanation e = explained(report);
  const Finding* finding = find(e, FindingId::many_workers);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(number(finding, "count"), 50);
  EXPECT_EQ(number(finding, "sum_bytes"), 50LL * 450 * 4096);
  ASSERT_FALSE(e.by_name.empty());
  EXPECT_EQ(e.by_name[0].comm, "worker");
  EXPECT_EQ(e.by_name[0].count, 50U);
}

TEST(ManyWorkersTest, OneLargeProcessWithHelpersOfItsNameIsNone) {
  ReportBuilder report = box();
  report.task(7, "web", 16'000);
  for (int i = 0; i < 50; ++i)
    report.task(100 + i, "web", 5);
  EXPECT_EQ(find(explained(report), FindingId::many_workers), nullptr);
}

TEST(ManyWorkersTest, NamesThatOccurOnceAreNotSummed) {
  ReportBuilder report = box();
  report.task(7, "web", 16'000).task(8, "sh", 5);
  EXPECT_TRUE(explained(report).by_name.empty());
}

}  // namespace
}  // namespace oomkit
