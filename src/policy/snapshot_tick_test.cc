// A snapshot, and the same engine over it.
#include "policy/snapshot_tick.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "policy/policy_testing.h"

namespace oomkit::policy_testing {
namespace {

Snapshot host_with_a_leak(std::int64_t leak_pages) {
  Snapshot snapshot;
  snapshot.page_size = PageSize::k4K;
  snapshot.host_state.emplace();
  snapshot.host_state->meminfo.set("MemTotal", KiB(1'000'000));
  snapshot.host_state->meminfo.set("MemAvailable", KiB(600'000 - leak_pages * 4));
  snapshot.host_state->meminfo.set("AnonPages", KiB(400'000 + leak_pages * 4));
  snapshot.host_state->meminfo.set("SwapTotal", KiB(0));
  snapshot.host_state->meminfo.set("SwapFree", KiB(0));
  snapshot.memcgs.emplace();
  snapshot.memcgs->nodes.resize(3);
  snapshot.memcgs->nodes[0].path = "/";
  for (std::size_t i = 1; i < 3; ++i) {
    MemcgNode& node = snapshot.memcgs->nodes[i];
    node.path = i == 1 ? "/db" : "/leaky";
    node.parent = 0;
    node.limit = MemcgLimit{};
    node.stat.set("active_anon", i == 1 ? 400'000 * 1024 : leak_pages * 4096);
    node.stat.set("inactive_anon", 0);
  }
  for (std::int64_t pid = 10; pid < 12; ++pid) {
    Task task;
    task.pid = pid;
    task.comm = pid == 10 ? "db" : "leaky";
    task.rss_anon = task.rss = Pages(pid == 10 ? 100'000 : leak_pages);
    task.oom_score_adj = 0;
    TaskState state;
    state.start = std::chrono::seconds(5);
    state.memcg = pid == 10 ? 1 : 2;
    snapshot.tasks.push_back(task);
    snapshot.task_states.push_back(state);
  }
  return snapshot;
}

TEST(SnapshotTick, TellsWhatTheSnapshotTells) {
  const Snapshot snapshot = host_with_a_leak(1000);
  SnapshotTick maker;
  const Tick& tick = maker.assign(snapshot, std::chrono::seconds(7));
  EXPECT_EQ(*tick.host.mem_total, Bytes(1'000'000 * 1024));
  EXPECT_FALSE(tick.host.shmem.has_value()) << "not told is not zero";
  EXPECT_FALSE(tick.host.memory.full.total.has_value());
  ASSERT_EQ(tick.cgroups.size(), 3U);
  EXPECT_EQ(tick.cgroups[2].path, "/leaky");
  EXPECT_EQ(tick.cgroups[2].parent, 0U);
  EXPECT_EQ(*tick.cgroups[2].max, kUnlimited);
  EXPECT_FALSE(tick.cgroups[2].usage.has_value());
  ASSERT_EQ(tick.processes.size(), 2U);
  EXPECT_EQ(tick.processes[1].comm, "leaky");
  EXPECT_EQ(tick.processes[1].cgroup, 2U);
  EXPECT_EQ(*tick.processes[1].rss_anon, Bytes(1000 * 4096));
  EXPECT_EQ(tick.processes_read, ProcessesRead::all);
}

TEST(SnapshotTick, TheSamePolicyOverARecording) {
  const Policy policy = policy_of(
      "schema = 1\n[[rule]]\nname = \"r\"\nwhen = \"mem.left < 4%\"\npick = \"culprit\"\ndo = "
      "[\"kill\"]\n");
  const auto engine = Engine::create(policy, {16, 64, 64}, std::chrono::seconds(100));
  SnapshotTick maker;
  std::string victim;
  for (int second = 0; second < 30 && victim.empty(); ++second) {
    const Snapshot snapshot = host_with_a_leak(std::int64_t{5000} * second);
    const Tick& tick = maker.assign(snapshot, std::chrono::seconds(100 + second));
    for (const Decision& decision : engine->step(tick).decisions) {
      if (decision.has_target) victim = std::to_string(decision.target.processes[0].pid);
    }
  }
  EXPECT_EQ(victim, "11");
}

}  // namespace
}  // namespace oomkit::policy_testing
