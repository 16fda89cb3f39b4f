// A host's snapshot as the model's start: it begins with the same numbers, and what is asked of it
// happens to the process that was meant.
#include <algorithm>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "lab/found_start.h"
#include "lab/model_guard.h"
#include "lab/model_world.h"
#include "policy/policy_parse.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

constexpr std::int64_t kPagesOfMiB = 256;

Pages mib(std::int64_t count) {
  return Pages(count * kPagesOfMiB);
}
KiB kib(std::int64_t count_of_mib) {
  return KiB(count_of_mib * 1024);
}

// A gigabyte, of which 500 MiB are free; one cgroup with a limit of 300 MiB.
class Found : public testing::Test {
 protected:
  Found() {
    snapshot_.kernel_release = "6.5.0-14-generic";
    snapshot_.page_size = PageSize::k4K;
    snapshot_.host_memory.emplace();
    Zone zone;
    zone.name = "DMA32";
    for (const auto& [name, amount] :
         std::vector<std::pair<const char*, std::int64_t>>{{"free", 500},
                                                           {"min", 8},
                                                           {"low", 10},
                                                           {"high", 12},
                                                           {"present", 1024},
                                                           {"managed", 1000}})
      zone.amounts.set(name, kib(amount));
    snapshot_.host_memory->zones.push_back(zone);
    HostState& state = snapshot_.host_state.emplace();
    for (const auto& [name, amount] :
         std::vector<std::pair<const char*, std::int64_t>>{{"MemTotal", 1000},
                                                           {"SwapTotal", 64},
                                                           {"SwapFree", 54},
                                                           {"AnonPages", 260},
                                                           {"Active(file)", 60},
                                                           {"Inactive(file)", 80},
                                                           {"SReclaimable", 10},
                                                           {"Committed_AS", 400}})
      state.meminfo.set(name, kib(amount));
    state.sysctl.set("vm.min_free_kbytes", 8192);
    state.processors = 2;
    MemcgTree& tree = snapshot_.memcgs.emplace();
    tree.nodes.resize(2);
    tree.nodes[0].path = "/";
    tree.nodes[1].path = "/shop";
    tree.nodes[1].parent = 0;
    tree.nodes[1].usage = Bytes(std::int64_t{200} << 20);
    tree.nodes[1].limit = MemcgLimit{Bytes(std::int64_t{300} << 20)};
    tree.nodes[1].stat.set("active_file", 10 << 20);
    tree.nodes[1].stat.set("inactive_file", 20 << 20);
    add_task(1, "systemd", 10, 0, 0);
    add_task(70, "web", 50, 0, 1);
    add_task(71, "web", 90, 10, 1);
    add_task(72, "database", 120, 0, 0);
  }

  void add_task(std::int64_t pid, const char* comm, std::int64_t anon, std::int64_t swapped,
                std::size_t memcg) {
    Task task;
    task.pid = pid;
    task.comm = comm;
    task.uid = 1000;
    task.rss_anon = mib(anon);
    task.rss_file = mib(2);
    task.rss_shmem = Pages(0);
    task.rss = mib(anon + 2);
    task.swapents = mib(swapped);
    task.pgtables = Bytes(1 << 20);
    task.total_vm = mib(anon * 2);
    task.oom_score_adj = 0;
    snapshot_.tasks.push_back(task);
    TaskState state;
    state.memcg = memcg;
    snapshot_.task_states.push_back(state);
  }

  RunRecord run(const std::string& growth, std::chrono::milliseconds time,
                const ResidentPlan* guard = nullptr) const {
    auto start = start_from(snapshot_);
    if (!start) throw std::runtime_error(start.error().what);
    if (!growth.empty()) add_growth(*parse_growth(growth), start->scenario, &start->host);
    start->scenario.end.after = time;
    SimulationOptions options;
    options.kernel = start->kernel;
    options.found = &start->host;
    options.resident = guard;
    auto ran = run_in_model(start->scenario, options);
    if (!ran) throw std::runtime_error(ran.error().what);
    return ran->rehearsal.record;
  }

  Snapshot snapshot_;
};

TEST_F(Found, BeginsWithTheHostsNumbers) {
  const RunRecord record = run("", std::chrono::milliseconds(50));
  EXPECT_EQ(record.kernel->substr(0, 4), "6.1.");  // The nearest that is not newer than 6.5.
  EXPECT_EQ(record.host.total, Bytes(std::int64_t{1000} << 20));
  EXPECT_EQ(record.host.free, Bytes(std::int64_t{500} << 20));
  EXPECT_EQ(record.host.swap_total, Bytes(64 << 20));
  EXPECT_EQ(record.host.swap_free, Bytes(54 << 20));
  EXPECT_EQ(record.host.committed, Bytes(std::int64_t{400} << 20));
  ASSERT_EQ(record.host.zones.size(), 1U);
  EXPECT_EQ(record.host.zones[0].low, Bytes(10 << 20));
  ASSERT_EQ(record.cgroups.size(), 1U);
  EXPECT_EQ(record.cgroups[0].usage, Bytes(std::int64_t{200} << 20));
  EXPECT_EQ(record.cgroups[0].swap, Bytes(10 << 20));
  ASSERT_EQ(record.processes.size(), 3U);  // Without PID 1.
  EXPECT_EQ(record.processes[1].pid, 71);
  EXPECT_EQ(record.processes[1].rss, Bytes(92 << 20));
  EXPECT_EQ(record.processes[1].swap, Bytes(10 << 20));
  // 92 + 10 + 1 MiB are 96 of a thousand parts of 1064 MiB, and (1000 + 96) * 2 / 3 is the score.
  EXPECT_EQ(record.processes[1].oom_score, 730);
  EXPECT_TRUE(record.victims.empty());
}

// The cgroup has 100 MiB left, and 30 of page cache.
TEST_F(Found, KillsAtTheCgroupsLimit) {
  const RunRecord little = run("web grow 60M at 50M/s", std::chrono::seconds(5));
  EXPECT_TRUE(little.victims.empty());
  const RunRecord much = run("web grow 400M at 50M/s", std::chrono::seconds(20));
  ASSERT_FALSE(much.victims.empty());
  EXPECT_EQ(much.victims[0], "web");
  const auto kill = std::find_if(much.events.begin(), much.events.end(),
                                 [](const RunEvent& event) { return event.kind == "oom_kill"; });
  ASSERT_NE(kill, much.events.end());
  EXPECT_EQ(kill->constraint, "memcg");
  EXPECT_EQ(kill->cgroup, "/shop");
  EXPECT_EQ(kill->pid, 71);  // The larger one of the two, which is the one that grew.
  // 100 MiB, 30 of page cache and 54 of swap at 50 MiB a second.
  EXPECT_GT(kill->t_ms, 2000);
  EXPECT_LT(kill->t_ms, 4500);
}

TEST_F(Found, KillsForTheHostWhereThereIsNoLimit) {
  const RunRecord record = run("newcomer grow 2G at 200M/s", std::chrono::seconds(60));
  ASSERT_FALSE(record.victims.empty());
  EXPECT_EQ(record.victims.front(), "newcomer");
  for (const RunEvent& event : record.events) {
    if (event.kind == "oom_kill") {
      EXPECT_EQ(event.constraint, "none");
    }
  }
}

// Of 500 MiB free and 140 of page cache.
TEST_F(Found, AGuardIsThereFromTheBegin) {
  const ParsedPolicy policy = parse_policy(R"(schema = 1
name = "early"
[[rule]]
name = "early"
when = "mem.available <= 20%"
pick = "process by rss"
do = ["kill"]
)");
  ASSERT_TRUE(policy.diagnostics.empty());
  const ResidentPlan guard = guard_in_model(policy.policy);
  const RunRecord record = run("newcomer grow 2G at 200M/s", std::chrono::seconds(60), &guard);
  ASSERT_FALSE(record.victims.empty());
  EXPECT_EQ(record.victims.front(), "newcomer");
  const auto kill =
      std::find_if(record.events.begin(), record.events.end(),
                   [](const RunEvent& event) { return event.kind.ends_with("kill"); });
  EXPECT_EQ(kill->kind, "guard_kill");
  EXPECT_EQ(kill->by, "early");
  EXPECT_GT(kill->pid, 72);  // Not one of those who were there already.
  EXPECT_GT(kill->t_ms, 1500);
  EXPECT_LT(kill->t_ms, 3500);
}

// Two forks of one program count the same pages: each gives back what is its own.
TEST_F(Found, DoesNotGiveBackSharedPagesTwice) {
  snapshot_.host_state->meminfo.set("AnonPages", kib(130));
  const auto start = start_from(snapshot_);
  ASSERT_TRUE(start.has_value());
  Pages own;
  for (const FoundTask& task : start->host.tasks) {
    own += task.anon;
    EXPECT_GT(task.shared_anon, Pages(0));
  }
  EXPECT_LE(own, mib(130));
  EXPECT_EQ(start->host.tasks[1].anon + start->host.tasks[1].shared_anon, mib(90));
}

TEST_F(Found, RefusesWhatItCannotBeginFrom) {
  Snapshot poor = snapshot_;
  poor.host_memory->zones.clear();
  EXPECT_FALSE(start_from(poor).has_value());
  Snapshot large = snapshot_;
  large.page_size = PageSize::k64K;
  EXPECT_FALSE(start_from(large).has_value());
}

TEST(AskedGrowth, IsReadOrRefused) {
  const auto growth = parse_growth("my web grow 2G at 50M/s");
  ASSERT_TRUE(growth.has_value());
  EXPECT_EQ(growth->name, "my web");
  EXPECT_EQ(growth->size, Bytes(std::int64_t{2} << 30));
  EXPECT_EQ(growth->rate, Bytes(50 << 20));
  EXPECT_EQ(growing_time(*growth).count(), 40'960);
  EXPECT_FALSE(parse_growth("web grow 1M")->rate.has_value());
  for (const char* wrong : {"", "web", "web grow", "web grow x", "web grow 0", "grow 2G",
                            "web grow 2G at 5M", "web grow 2G at 0/s", "web grow 2G at x/s",
                            "a-name-of-more-than-15 grow 2G", "web grow 8E"})
    EXPECT_FALSE(parse_growth(wrong).has_value()) << wrong;
}

TEST(WhatIf, AsksOfAScenario) {
  const std::string path = testing::TempDir() + "/oomkit_what_if.toml";
  std::ofstream(path) << R"(schema = 1
name = "calm"
[host]
memory = "256M"
[[process]]
name = "web"
steps = [{ alloc = "20M" }]
[[process]]
name = "idle"
steps = [{ alloc = "30M" }]
[end]
after = "20s"
)";
  const Ran calm = run_oom({"simulate", path, "--format", "json"});
  EXPECT_NE(calm.out.find("\"victims\":[]"), std::string::npos) << calm.out;
  const Ran grown =
      run_oom({"simulate", path, "--format", "json", "--what-if", "web grow 400M at 100M/s"});
  EXPECT_NE(grown.out.find("\"victims\":[\"web\"]"), std::string::npos) << grown.out;
  EXPECT_EQ(run_oom({"simulate", path, "--what-if", "web shrink 1M"}).exit_status, 2);
  EXPECT_EQ(run_oom({"simulate", path, "--from", path}).exit_status, 2);
  EXPECT_EQ(run_oom({"simulate", "--from", path}).exit_status, 2);
}

}  // namespace
}  // namespace oomkit
