#include "render/run_text.h"

#include <string>

#include <gtest/gtest.h>

#include "render/run_comparison.h"

namespace oomkit {
namespace {

RunEvent kill_of(const std::string& comm, std::int64_t t_ms) {
  RunEvent event;
  event.kind = "oom_kill";
  event.comm = comm;
  event.t_ms = t_ms;
  event.constraint = "memcg";
  event.cgroup = "/box";
  return event;
}

RunRecord run_on(const std::string& release) {
  RunRecord record;
  record.scenario = "two";
  record.kernel = release;
  record.duration_ms = 3600;
  record.ended = "condition";
  record.events = {kill_of("leaky", 3400)};
  record.victims = {"leaky"};
  record.survivors = {"calm"};
  record.expect = RunExpectation{};
  return record;
}

std::string table(const std::vector<RunColumn>& columns) {
  std::string out;
  append_run_table({out, Paint(false), 100}, "two.toml", columns);
  return out;
}

TEST(ShortRelease, LeavesTheFlavourOut) {
  EXPECT_EQ(short_release("6.1.0-50-cloud-amd64"), "6.1.0-50");
  EXPECT_EQ(short_release("7.2.13"), "7.2.13");
  EXPECT_EQ(short_release(""), "");
}

TEST(RunTable, HasAColumnForEachKernel) {
  const RunRecord a = run_on("6.1.0-50-cloud-amd64");
  const RunRecord b = run_on("7.2.13");
  EXPECT_EQ(table({{"6.1", &a, 2500, ""}, {"7.2", &b, 2900, ""}}),
            "two.toml     6.1.0-50                7.2.13\n"
            "booted       2.5 s                   2.9 s\n"
            "killed       leaky 3.4 s             leaky 3.4 s             CONSTRAINT_MEMCG /box\n"
            "survived     calm                    calm\n"
            "ended        after 3.6 s, as wanted  after 3.6 s, as wanted\n"
            "as expected  yes                     yes\n");
}

TEST(RunTable, SaysWhatDidNotHoldAndWhyThereIsNoRun) {
  RunRecord a = run_on("6.1.0-50-cloud-amd64");
  a.expect = RunExpectation{false, {"victims: expected calm, got leaky"}};
  a.warnings = {"1 line of the kernel log was lost"};
  const std::string text =
      table({{"6.1", &a, std::nullopt, ""}, {"7.2", nullptr, {}, "no\x1b[31m room"}});
  EXPECT_NE(text.find("booted       never"), std::string::npos) << text;
  EXPECT_NE(text.find("6.1: victims: expected calm, got leaky\n"), std::string::npos) << text;
  EXPECT_NE(text.find("6.1: 1 line of the kernel log was lost\n"), std::string::npos) << text;
  EXPECT_NE(text.find("7.2: no\\x1b[31m room\n"), std::string::npos) << text;
}

TEST(RunTable, ManyKillsAreCountedNotListed) {
  RunRecord a = run_on("6.1.0");
  for (int i = 0; i < 50; ++i)
    a.events.push_back(kill_of("worker", 4000 + i));
  const std::string text = table({{"6.1", &a, 1, ""}});
  EXPECT_NE(text.find("and 39 more"), std::string::npos) << text;
}

TEST(RunComparison, OfARunWithItselfIsTheSame) {
  const RunComparison same = compare_runs(run_on("6.1"), run_on("6.1"));
  EXPECT_TRUE(same.same);
  EXPECT_TRUE(same.differences.empty());
}

TEST(RunComparison, AnotherVictimIsAHardDifference) {
  RunRecord b = run_on("7.2");
  b.events.push_back(kill_of("calm", 3500));
  b.victims = {"leaky", "calm"};
  b.survivors.clear();
  const RunComparison found = compare_runs(run_on("6.1"), b);
  EXPECT_FALSE(found.same);
  ASSERT_GE(found.differences.size(), 4U);
  EXPECT_EQ(found.differences[0].what, "victims");
  EXPECT_EQ(found.differences[1].b, "nobody");
  EXPECT_EQ(found.differences[2].what, "events.oom_kill");
  EXPECT_EQ(found.differences[2].b, "2");
  EXPECT_EQ(found.differences[3].what, "kernel");
  EXPECT_FALSE(found.differences[3].hard);
  std::string text;
  append_comparison({text, Paint(false), 100}, found, "a.json", "b.json");
  EXPECT_EQ(text.find("They differ in what must agree"), 0U) << text;
}

TEST(RunComparison, TimesAndSizesDifferSoftly) {
  RunRecord a = run_on("6.1");
  RunRecord b = run_on("6.1");
  b.events[0].t_ms = 3500;
  EXPECT_TRUE(compare_runs(a, b).differences.empty()) << "3 % is nothing";
  b.events[0].t_ms = 5400;
  a.cgroups.emplace_back().path = "/box";
  a.cgroups[0].max_usage = Bytes(40 << 20);
  b.cgroups = a.cgroups;
  b.cgroups[0].max_usage = Bytes(80 << 20);
  const RunComparison found = compare_runs(a, b);
  EXPECT_TRUE(found.same);
  ASSERT_EQ(found.differences.size(), 2U);
  EXPECT_EQ(found.differences[0].what, "kill 1 (leaky)");
  EXPECT_EQ(found.differences[1].what, "/box peak");
  EXPECT_EQ(found.differences[1].b, "80.0 MiB");
  EXPECT_NE(comparison_json(found, "a", "b").find("\"schema\":\"oomkit.compare/1\""),
            std::string::npos);
}

}  // namespace
}  // namespace oomkit
