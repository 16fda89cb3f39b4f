// Whom a look at the leaders reads closely, by what the kernel's scores say.
#include <string>

#include <gtest/gtest.h>

#include "sources/live_host.h"

namespace oomkit {
namespace {

constexpr int kProcesses = 600;
constexpr std::size_t kLeaders = 20;

// `kib(i)`: what process number i has.
template <class Size>
Snapshot leaders_of(Size kib) {
  MemoryFileTree tree;
  tree.put("proc/meminfo", "MemTotal: 4194304 kB\nSwapTotal: 0 kB\n");
  tree.put("proc/self/status", "Name:\toom\nVmSize:\t    8192 kB\n");
  tree.put("proc/self/statm", "2048 100 100 1 0 1 0\n");
  for (int i = 0; i < kProcesses; ++i) {
    const int pid = 1000 + i;
    const std::string folder = "proc/" + std::to_string(pid);
    const std::string size = std::to_string(kib(i));
    tree.put(folder + "/status", "Name:\ttask\nState:\tS (sleeping)\nTgid:\t" +
                                     std::to_string(pid) + "\nPPid:\t1\nVmSize:\t" + size +
                                     " kB\nVmRSS:\t" + size + " kB\nRssAnon:\t" + size +
                                     " kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\nVmPTE:\t0 kB\n"
                                     "VmSwap:\t0 kB\nThreads:\t1\n");
    tree.put(folder + "/oom_score_adj", "0\n");
    tree.put(folder + "/oom_score",
             std::to_string((1000 + kib(i) / 4 * 1000 / (4194304 / 4)) * 2 / 3) + "\n");
  }
  auto host = LiveHost::create(tree);
  EXPECT_TRUE(host) << host.error().what;
  auto snapshot = host->read(HostQuery::next_victims(kLeaders));
  EXPECT_TRUE(snapshot) << snapshot.error().what;
  return snapshot ? std::move(*snapshot) : Snapshot();
}

std::size_t scores_in(const Snapshot& snapshot) {
  std::size_t known = 0;
  for (const TaskState& state : snapshot.task_states)
    known += state.oom_score ? 1U : 0U;
  return known;
}

TEST(LeadersOfAHost, ScoresThatDifferLeaveOutTheOthers) {
  const Snapshot snapshot = leaders_of([](int i) { return i * 7000; });
  EXPECT_GE(snapshot.tasks.size(), kLeaders);
  EXPECT_LT(snapshot.tasks.size(), 2 * kLeaders);
  EXPECT_EQ(scores_in(snapshot), snapshot.tasks.size());
}

// Of so many with one score the largest is found, with the kernel's score of those that lead.
TEST(LeadersOfAHost, WhereAllScoresAreEqualAllAreRead) {
  const Snapshot snapshot = leaders_of([](int i) { return i == 77 ? 2000 : 400 + i; });
  ASSERT_EQ(snapshot.tasks.size(), std::size_t{kProcesses});
  EXPECT_EQ(scores_in(snapshot), kLeaders);
  EXPECT_EQ(snapshot.task_states[77].oom_score, 666);
  EXPECT_EQ(snapshot.tasks[77].rss, Pages(500));
}

}  // namespace
}  // namespace oomkit
