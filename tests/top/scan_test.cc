// Hosts as they are when one looks: processes that go away, files that may not be read,
// parts that cannot be seen. What is not known is counted and never a number.
#include <string>

#include <gtest/gtest.h>

#include "render/top_report.h"
#include "sources/live_host.h"

namespace oomkit {
namespace {

class MadeUpHost {
 public:
  MadeUpHost() {
    tree_.put("proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 1048576 kB\nSwapTotal: 0 kB\n");
    tree_.put("proc/sys/kernel/osrelease", "6.12.1\n");
    tree_.put("proc/zoneinfo",
              "Node 0, zone   Normal\n  pages free     262144\n        min      100\n"
              "        low      125\n        high     150\n        present  1048576\n"
              "        managed  1048576\n        protection: (0, 0)\n");
    tree_.put("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n");
    tree_.put("sys/fs/cgroup/memory.limit_in_bytes", "9223372036854771712\n");
    tree_.put("sys/fs/cgroup/memory.usage_in_bytes", "1048576\n");
    tree_.put("sys/fs/cgroup/cgroup.procs", "1\n2\n");
    put_task(1, 10, 0);
    put_task(2, 0, 0);
  }

  void put_task(int pid, int rss_mib, int adj) {
    const std::string folder = "proc/" + std::to_string(pid) + "/";
    std::string status = "Name:\ttask-" + std::to_string(pid) + "\nState:\tS (sleeping)\nTgid:\t" +
                         std::to_string(pid) + "\nPPid:\t" + (pid == 2 ? "0" : "1") +
                         "\nUid:\t0\t0\t0\t0\n";
    if (rss_mib > 0) {
      const std::string kib = std::to_string(rss_mib * 1024);
      status += "VmSize:\t" + kib + " kB\nVmRSS:\t" + kib + " kB\nRssAnon:\t" + kib +
                " kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\nVmPTE:\t0 kB\nVmSwap:\t0 kB\n";
    }
    status += "Threads:\t1\n";
    tree_.put(folder + "status", status);
    tree_.put(folder + "oom_score_adj", std::to_string(adj) + "\n");
    const std::int64_t points = rss_mib * 256 + adj * 1048;
    const std::int64_t score = (1000 + points * 1000 / 1048576) * 2 / 3;
    tree_.put(folder + "oom_score", std::to_string(pid <= 2 || adj == -1000 ? 0 : score) + "\n");
    tree_.put(folder + "stat", std::to_string(pid) +
                                   " (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 " +
                                   std::to_string(1000 + pid) + " 0 0\n");
  }

  MemoryFileTree& tree() { return tree_; }
  Snapshot read(const HostQuery& query = HostQuery::everything()) {
    auto host = LiveHost::create(tree_);
    EXPECT_TRUE(host.has_value());
    auto snapshot = host->read(query);
    EXPECT_TRUE(snapshot.has_value());
    return std::move(*snapshot);
  }

 private:
  MemoryFileTree tree_;
};

const Task* find(const Snapshot& snapshot, std::int64_t pid) {
  for (const Task& task : snapshot.tasks) {
    if (task.pid == pid) return &task;
  }
  return nullptr;
}

TEST(Scan, WhoVanishesIsLeftOutAndCounted) {
  MadeUpHost host;
  host.put_task(10, 100, 0);
  host.put_task(11, 50, 0);
  host.tree().break_path("proc/10/status", ErrorCode::not_found);
  const Snapshot snapshot = host.read();
  EXPECT_EQ(find(snapshot, 10), nullptr);
  EXPECT_NE(find(snapshot, 11), nullptr);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::task_vanished), 1U);
}

TEST(Scan, WhoMayNotBeReadIsThereAndUnknown) {
  MadeUpHost host;
  host.put_task(10, 100, 0);
  host.put_task(11, 50, 0);
  host.tree().break_path("proc/10/status", ErrorCode::denied);
  host.tree().break_path("proc/11/oom_score_adj", ErrorCode::denied);
  const Snapshot snapshot = host.read();
  ASSERT_NE(find(snapshot, 10), nullptr);
  EXPECT_FALSE(find(snapshot, 10)->rss.has_value()) << "unknown, not zero";
  EXPECT_FALSE(find(snapshot, 11)->oom_score_adj.has_value());
  EXPECT_EQ(snapshot.gaps.of(SourceGap::task_denied), 2U);
  const auto report = make_top_report(snapshot, std::nullopt, {"host", true});
  EXPECT_EQ(report->scopes.front().prediction->unknown, 1U);
  EXPECT_EQ(report->verification->unknown, 1U);
}

TEST(Scan, DamageIsNamed) {
  MadeUpHost host;
  host.put_task(10, 100, 0);
  host.tree().put("proc/10/oom_score_adj", "many\n");
  host.tree().put("proc/swaps", "nonsense\n");
  host.tree().put("sys/fs/cgroup/memory.usage_in_bytes", "-\n");
  const Snapshot snapshot = host.read();
  EXPECT_EQ(snapshot.gaps.of(SourceGap::task_malformed), 1U);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::host_malformed), 1U);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::memcg_malformed), 1U);
  EXPECT_FALSE(snapshot.host_state->swaps.has_value());
  EXPECT_FALSE(snapshot.memcgs->nodes.front().usage.has_value());
}

TEST(Scan, HiddenProcessesAreSaidToBeHidden) {
  MadeUpHost host;
  host.tree().put("proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw,hidepid=1\n");
  host.tree().break_path("proc/1/status", ErrorCode::denied);
  const Snapshot snapshot = host.read();
  EXPECT_EQ(snapshot.gaps.of(SourceGap::tasks_hidden), 1U);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::memcgs_unmounted), 1U);
  EXPECT_FALSE(snapshot.memcgs.has_value());
}

TEST(Scan, AContainersViewIsSaidToBeOne) {
  MadeUpHost host;
  host.tree().put("proc/2/status", "Name:\tsh\nState:\tS\nPPid:\t1\nVmSize:\t8 kB\n");
  host.tree().put("proc/self/mountinfo",
                  "30 23 0:26 /docker/3f1c /sys/fs/cgroup rw - cgroup cgroup rw,memory\n");
  host.tree().put("sys/fs/cgroup/cgroup.procs", "1\n0\n0\n");
  const Snapshot snapshot = host.read();
  EXPECT_EQ(snapshot.gaps.of(SourceGap::memcgs_partial), 1U);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::task_foreign), 2U);
  EXPECT_EQ(snapshot.gaps.of(SourceGap::tasks_namespaced), 1U);
  EXPECT_EQ(snapshot.memcgs->nodes.front().path, "/docker/3f1c");
}

TEST(Scan, AProcessWhoseFirstThreadEndedIsScoredByTheOthers) {
  MadeUpHost host;
  host.put_task(12, 70, 0);
  const std::string living(host.tree().read("proc/12/status").value());
  host.tree().put("proc/12/status",
                  "Name:\tlead\nState:\tZ (zombie)\nTgid:\t12\nPPid:\t1\nThreads:\t2\n");
  host.tree().put("proc/12/task/12/status", "Name:\tlead\nState:\tZ (zombie)\n");
  host.tree().put("proc/12/task/13/status", living);
  const Snapshot snapshot = host.read();
  EXPECT_EQ(find(snapshot, 12)->rss, Pages(70 * 256));
  const auto report = make_top_report(snapshot, std::nullopt, {"host", true});
  EXPECT_EQ(report->verification->differences.size(), 0U);
}

TEST(Scan, OnlyThoseWhoCanLeadAreReadClosely) {
  MadeUpHost host;
  for (int pid = 100; pid < 200; ++pid)
    host.put_task(pid, pid, 0);
  host.put_task(300, 900, -1000);
  // Whoever is looked at closely without need would be missed in the count below.
  host.tree().break_path("proc/110/status", ErrorCode::denied);
  const Snapshot leaders = host.read(HostQuery::next_victims(3));
  const Snapshot all = host.read();
  EXPECT_EQ(leaders.gaps.of(SourceGap::task_denied), 0U);
  EXPECT_EQ(all.gaps.of(SourceGap::task_denied), 1U);
  EXPECT_GE(leaders.gaps.of(SourceGap::tasks_unread), 80U);
  EXPECT_LE(leaders.tasks.size(), 20U);
  EXPECT_NE(find(leaders, 300), nullptr) << "the protected are worth to be shown";
  const auto few = make_top_report(leaders, std::nullopt, {});
  const auto many = make_top_report(all, std::nullopt, {});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(few->snapshot.tasks[few->scopes[0].prediction->tasks[i].index].pid,
              many->snapshot.tasks[many->scopes[0].prediction->tasks[i].index].pid);
  }
}

TEST(Scan, WhoIsUnderALimitIsAlwaysReadClosely) {
  MadeUpHost host;
  for (int pid = 100; pid < 150; ++pid)
    host.put_task(pid, pid, 0);
  host.put_task(60, 3, 0);
  host.tree().put("sys/fs/cgroup/box/memory.limit_in_bytes", "104857600\n");
  host.tree().put("sys/fs/cgroup/box/memory.usage_in_bytes", "4194304\n");
  host.tree().put("sys/fs/cgroup/box/cgroup.procs", "60\n");
  const Snapshot snapshot = host.read(HostQuery::next_victims(1));
  const auto report = make_top_report(snapshot, std::nullopt, {});
  ASSERT_EQ(report->scopes.size(), 2U);
  EXPECT_EQ(report->scopes[1].name, "/box");
  EXPECT_EQ(snapshot.tasks[report->scopes[1].prediction->would_kill.at(0)].pid, 60);
}

TEST(Scan, WithoutAKnownKernelNothingIsPredicted) {
  MadeUpHost host;
  host.tree().put("proc/sys/kernel/osrelease", "unheard of\n");
  EXPECT_FALSE(make_top_report(host.read(), std::nullopt, {}).has_value());
  host.tree().put("proc/sys/kernel/osrelease", "2.6.18\n");
  const auto old = make_top_report(host.read(), std::nullopt, {});
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().code, ErrorCode::unsupported);
}

TEST(Scan, WithoutProcThereIsNoHost) {
  const MemoryFileTree nothing;
  EXPECT_EQ(LiveHost::create(nothing).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace oomkit
