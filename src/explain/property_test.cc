// Any report that a kernel could print, and any number in it: an explanation, no crash,
// a ledger that closes.
#include <limits>

#include <gtest/gtest.h>

#include "core/random.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/explain_testing.h"
#include "tests/support/random_report.h"

namespace oomkit {
namespace {

void expect_sound(const Explanation& e) {
  EXPECT_FALSE(e.verdict.empty());
  EXPECT_FALSE(e.headline.empty());
  const std::size_t tasks = e.report.at.tasks.size();
  EXPECT_TRUE(!e.predicted || *e.predicted < tasks);
  EXPECT_TRUE(!e.trigger_task || *e.trigger_task < tasks);
  if (e.ledger) {
    Bytes sum(0);
    for (const LedgerRow& row : e.ledger->rows)
      sum = plus(sum, row.amount);
    EXPECT_EQ(minus(e.ledger->total, sum), e.ledger->unaccounted);
  }
  for (const Finding& finding : e.findings) {
    EXPECT_FALSE(finding.title.empty()) << name_of(finding.id);
    EXPECT_FALSE(finding.detail.empty()) << name_of(finding.id);
    for (const std::string& advice : finding.advice)
      EXPECT_FALSE(advice.empty()) << name_of(finding.id);
  }
}

TEST(ExplainPropertyTest, ReportsOfEveryKernelAreExplained) {
  Random random(7);
  for (int round = 0; round < 5; ++round) {
    for (const KernelVersion& version : test::kernel_versions()) {
      expect_sound(explain(test::random_report(random, version), {}));
    }
  }
}

std::int64_t extreme(Random& random) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  return random.pick<std::int64_t>({kMax, kMin, kMax / 2, kMin / 2, kMax / 4096, -1, 0, 1});
}

template <class MaybeAmount>
void make_extreme(Random& random, MaybeAmount& amount) {
  using Known = std::remove_cvref_t<decltype(*amount)>;
  if (amount && random.chance(40)) amount = Known(extreme(random));
}

// The numbers of the report become those at the edges of what an integer holds.
void make_report_extreme(Random& random, OomReport& report) {
  for (Task& task : report.at.tasks) {
    for (auto* pages : {&task.total_vm, &task.rss, &task.rss_anon, &task.rss_file, &task.rss_shmem,
                        &task.swapents}) {
      make_extreme(random, *pages);
    }
    make_extreme(random, task.pgtables);
    if (task.nr_ptes && random.chance(40)) task.nr_ptes = extreme(random);
    if (task.nr_pmds && random.chance(40)) task.nr_pmds = extreme(random);
    if (task.oom_score_adj && random.chance(20)) {
      task.oom_score_adj = random.pick<std::int32_t>({INT32_MIN, INT32_MAX, -1000, 1000});
    }
  }
  for (Victim& victim : report.victims) {
    for (auto* kib : {&victim.total_vm, &victim.anon_rss, &victim.file_rss, &victim.shmem_rss,
                      &victim.reaped_anon_rss, &victim.reaped_shmem_rss}) {
      make_extreme(random, *kib);
    }
  }
  if (report.at.memcg) {
    MemcgReport& memcg = *report.at.memcg;
    for (auto* counter : {&memcg.memory, &memcg.memsw, &memcg.swap, &memcg.kmem}) {
      if (!*counter) continue;
      make_extreme(random, (*counter)->limit);
      if (random.chance(40)) (*counter)->usage = KiB(extreme(random));
    }
    const auto entries = memcg.stat.entries();
    for (const auto& [name, value] : entries) {
      if (random.chance(40)) memcg.stat.set(name, extreme(random));
    }
  }
  if (report.at.host_memory) {
    HostMemory& host = *report.at.host_memory;
    make_extreme(random, host.ram);
    make_extreme(random, host.reserved);
    make_extreme(random, host.swap_free);
    make_extreme(random, host.swap_total);
    const auto counters = host.counters.entries();
    for (const auto& [name, value] : counters) {
      if (random.chance(40)) host.counters.set(name, Pages(extreme(random)));
    }
    for (Zone& zone : host.zones) {
      const auto amounts = zone.amounts.entries();
      for (const auto& [name, value] : amounts) {
        if (random.chance(40)) zone.amounts.set(name, KiB(extreme(random)));
      }
    }
    for (HugepagePool& pool : host.hugepages) {
      pool.total = extreme(random);
      pool.free = extreme(random);
      pool.page_size = KiB(extreme(random));
    }
  }
  if (report.trigger && random.chance(30)) {
    report.trigger->order = random.pick<int>({INT_MAX, INT_MIN, 63, 64, -1});
  }
}

TEST(ExplainPropertyTest, NumbersAtTheEdgesOverflowNothing) {
  Random random(11);
  for (int round = 0; round < 5; ++round) {
    for (const KernelVersion& version : test::kernel_versions()) {
      OomReport report = test::random_report(random, version);
      make_report_extreme(random, report);
      expect_sound(explain(std::move(report), {}));
    }
  }
}

TEST(ExplainPropertyTest, AHundredThousandTasksAreNoTrouble) {
  testing::ReportBuilder report;
  report.group(400'000'000, 400'000'000);
  for (int i = 0; i < 100'000; ++i)
    report.task(i + 2, "worker", i % 997, i % 2000 - 1000);
  expect_sound(explain(report.kill(50'000, "worker", 1).build(), {}));
}

}  // namespace
}  // namespace oomkit
