// This machine as the judge: what its kernel says of itself is what our rules must give.
#include "sources/live_host.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "model/snapshot_json.h"
#include "sources/host_text.h"
#include "sources/judge_testing.h"

namespace oomkit {
namespace {

class LiveHostTest : public testing::Test {
 protected:
  void SetUp() override {
    auto tree = open_file_tree("/");
    ASSERT_TRUE(tree.has_value());
    tree_ = std::move(*tree);
    auto host = LiveHost::create(*tree_);
    if (!host) GTEST_SKIP() << "there is no /proc here: " << host.error().what;
    host_.emplace(std::move(*host));
    auto snapshot = host_->read(HostQuery::everything());
    ASSERT_TRUE(snapshot.has_value()) << snapshot.error().what;
    snapshot_ = std::move(*snapshot);
    ASSERT_TRUE(snapshot_.kernel_release.has_value());
    version_ = parse_kernel_version(*snapshot_.kernel_release);
    ASSERT_TRUE(version_.has_value());
  }

  std::unique_ptr<FileTree> tree_;
  std::optional<LiveHost> host_;
  Snapshot snapshot_;
  std::optional<KernelVersion> version_;
};

TEST_F(LiveHostTest, ThePageSizeIsThisMachines) {
  ASSERT_TRUE(snapshot_.page_size.has_value());
  EXPECT_EQ(bytes_of(*snapshot_.page_size).count(), sysconf(_SC_PAGESIZE));
}

TEST_F(LiveHostTest, EveryProcessHasTheScoreThatTheKernelSays) {
  if (badness_rule(*version_) != BadnessRule::v5) GTEST_SKIP() << "the rule of 5.9 is tested here";
  std::size_t compared = 0;
  std::size_t exact = 0;
  for (std::size_t i = 0; i < snapshot_.tasks.size(); ++i) {
    // Who grows while it is read, or vanishes, gets another chance.
    std::int64_t difference = 2;
    for (int attempt = 0; attempt < 4 && difference > 1; ++attempt) {
      if (attempt > 0 && !host_->read_task_again(snapshot_, i)) break;
      const auto found = score_difference(snapshot_, i, *version_);
      if (!found) break;
      difference = std::abs(*found);
      if (difference <= 1) {
        ++compared;
        exact += difference == 0 ? 1 : 0;
      }
    }
    if (difference > 1) {
      EXPECT_FALSE(host_->read_task_again(snapshot_, i))
          << "pid " << snapshot_.tasks[i].pid << " (" << snapshot_.tasks[i].comm << ") differs";
    }
  }
  EXPECT_GE(compared, 1U) << "this process at least";
  EXPECT_GE(exact * 10, compared * 9) << "a counter moves seldom between two reads";
}

TEST_F(LiveHostTest, CommitLimitIsWhatMeminfoSays) {
  EXPECT_EQ(our_commit_limit(snapshot_), meminfo_pages(snapshot_, "CommitLimit"));
}

TEST_F(LiveHostTest, EveryZonesLevelsAreThoseThatFollowFromTheSettings) {
  if (!snapshot_.host_state->sysctl.find("vm.min_free_kbytes"))
    GTEST_SKIP() << "min_free_kbytes cannot be read here";
  const auto levels = our_levels(snapshot_, *version_);
  ASSERT_EQ(levels.size(), snapshot_.host_memory->zones.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Zone& zone = snapshot_.host_memory->zones[i];
    // zoneinfo prints the levels without the boost that fragmentation gives for a while.
    EXPECT_EQ(levels[i].min, zone_pages(snapshot_, zone, "min")) << zone.name;
    EXPECT_EQ(levels[i].low, zone_pages(snapshot_, zone, "low")) << zone.name;
    EXPECT_EQ(levels[i].high, zone_pages(snapshot_, zone, "high")) << zone.name;
  }
}

TEST_F(LiveHostTest, MemAvailableIsWhatMeminfoSays) {
  const auto proc = tree_->open_folder("proc");
  ASSERT_TRUE(proc.has_value());
  std::vector<char> buffer;
  std::int64_t nearest = INT64_MAX;
  // The kernel gathers the terms of the sum shortly before it prints the lines that we take
  // them from: now and then none of them moved in between.
  for (int attempt = 0; attempt < 1000 && nearest != 0; ++attempt) {
    HostState host;
    const auto text = (*proc)->read("meminfo", buffer);
    ASSERT_TRUE(text && parse_meminfo(*text, host));
    nearest = std::min(nearest, std::abs(available_difference(snapshot_, host).count()));
  }
  EXPECT_EQ(nearest, 0) << "pages off in the best of all readings";
}

TEST_F(LiveHostTest, AWholeHostComesBackFromItsSnapshot) {
  for (Task& task : snapshot_.tasks) {
    for (char& byte : task.comm)
      if (static_cast<unsigned char>(byte) >= 0x80) byte = '?';  // A name may be no UTF-8.
  }
  const auto read = parse_snapshot(to_json(snapshot_));
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(*read == snapshot_);
}

TEST_F(LiveHostTest, LeadersAreTheFirstOfAll) {
  const auto leaders = host_->read(HostQuery::next_victims(3));
  ASSERT_TRUE(leaders.has_value()) << leaders.error().what;
  // This process is among all; the leading score is among the leaders.
  std::int64_t highest = 0;
  for (const TaskState& state : snapshot_.task_states)
    highest = std::max(highest, state.oom_score.value_or(0));
  std::int64_t leading = 0;
  for (const TaskState& state : leaders->task_states)
    leading = std::max(leading, state.oom_score.value_or(0));
  EXPECT_NEAR(static_cast<double>(leading), static_cast<double>(highest), 30.0);
  EXPECT_FALSE(leaders->tasks.empty());
}

}  // namespace
}  // namespace oomkit
