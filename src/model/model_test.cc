// The few functions of the value types, and that unknown stays unknown.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "model/host_memory.h"
#include "model/memcg.h"
#include "model/oom_report.h"
#include "model/task.h"

namespace oomkit {
namespace {

TEST(MemcgStat, KeepsTheOrderOfTheLogAndTheLastValue) {
  MemcgStat stat;
  stat.set("file", 1);
  stat.set("anon", 28 << 20);
  stat.set("file", 4096);
  ASSERT_EQ(stat.entries().size(), 2u);
  EXPECT_EQ(stat.entries()[0].first, "file");
  EXPECT_EQ(stat.find("file"), 4096);
  EXPECT_EQ(stat.bytes("anon"), Bytes(28 << 20));
  EXPECT_EQ(stat.find("sock"), std::nullopt) << "not in the log is not zero";
  EXPECT_EQ(stat.bytes("ano"), std::nullopt);
}

TEST(NamedAmounts, KeepTheOrderOfTheLogAndTheLastValue) {
  NamedAmounts<KiB> amounts;
  EXPECT_TRUE(amounts.empty());
  amounts.set("min", KiB(44));
  amounts.set("free", KiB(7));
  amounts.set("min", KiB(45));
  ASSERT_EQ(amounts.entries().size(), 2u);
  EXPECT_EQ(amounts.entries()[0].first, "min");
  EXPECT_EQ(amounts.find("min"), KiB(45));
  EXPECT_EQ(amounts.find("low"), std::nullopt);
}

TEST(PgtablesBytes, ColumnInBytesGoesBeforeColumnsInPages) {
  Task task;
  EXPECT_EQ(pgtables_bytes(task, PageSize::k4K), std::nullopt);
  task.nr_ptes = 10;
  EXPECT_EQ(pgtables_bytes(task, PageSize::k4K), Bytes(40960));
  task.nr_pmds = 2;
  task.nr_puds = 1;
  EXPECT_EQ(pgtables_bytes(task, PageSize::k64K), Bytes(13 * 65536));
  task.pgtables = Bytes(53248);
  EXPECT_EQ(pgtables_bytes(task, PageSize::k64K), Bytes(53248));
}

TEST(PgtablesBytes, HostileNumbersSaturate) {
  Task task;
  task.nr_ptes = INT64_MAX;
  task.nr_pmds = INT64_MAX;
  EXPECT_EQ(pgtables_bytes(task, PageSize::k4K), Bytes(INT64_MAX));
}

// The words of the JSON contract: all there, none twice.
template <class Enum>
void expect_names(std::initializer_list<std::string_view> names) {
  std::set<std::string_view> seen;
  std::size_t i = 0;
  for (const std::string_view name : names) {
    EXPECT_EQ(name_of(static_cast<Enum>(i++)), name);
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
}

TEST(Names, AreThoseOfTheContract) {
  expect_names<Constraint>({"none", "cpuset", "memory_policy", "memcg", "unknown"});
  expect_names<ConstraintSource>({"stated", "inferred", "absent"});
  expect_names<Verdict>({"killed", "panic", "no_killable", "unknown"});
  expect_names<Killer>(
      {"kernel", "systemd-oomd", "earlyoom", "oomd", "nohang", "kubelet", "lmkd", "oomkit"});
  expect_names<Part>({"trigger", "stack", "memory", "memcg_usage", "memcg_stats", "task_table",
                      "constraint", "kill_line"});
  expect_names<OtherEvent::Kind>({"page_alloc_failure", "page_alloc_stall", "oom_disabled_stall",
                                  "slub_failure", "vmalloc_failure", "overcommit_refusal"});
}

TEST(Names, BelongToTheirEnumerators) {
  EXPECT_EQ(name_of(Constraint::memory_policy), "memory_policy");
  EXPECT_EQ(name_of(ConstraintSource::absent), "absent");
  EXPECT_EQ(name_of(Verdict::no_killable), "no_killable");
  EXPECT_EQ(name_of(Killer::systemd_oomd), "systemd-oomd");
  EXPECT_EQ(name_of(Part::kill_line), "kill_line");
  EXPECT_EQ(name_of(OtherEvent::Kind::overcommit_refusal), "overcommit_refusal");
}

TEST(Snapshot, ANewOneKnowsNothing) {
  const Snapshot snapshot;
  EXPECT_FALSE(snapshot.page_size || snapshot.kernel_release || snapshot.host_memory ||
               snapshot.memcg || snapshot.uptime || snapshot.time);
  const OomReport report;
  EXPECT_EQ(report.constraint, Constraint::unknown);
  EXPECT_EQ(report.constraint_source, ConstraintSource::absent);
  EXPECT_EQ(report.verdict, Verdict::unknown);
  EXPECT_FALSE(report.complete) << "complete is to be proven";
}

}  // namespace
}  // namespace oomkit
