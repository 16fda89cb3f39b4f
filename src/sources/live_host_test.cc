// This machine as the judge: what its kernel says of itself is what our rules must give.
#include "sources/live_host.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "kernel/badness.h"
#include "kernel/overcommit.h"
#include "kernel/zone_levels.h"
#include "model/snapshot_json.h"
#include "sources/host_text.h"

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

  Pages meminfo_pages(const char* name) const {
    return floor_pages(to_bytes(snapshot_.host_state->meminfo.find(name).value()),
                       *snapshot_.page_size);
  }
  std::int64_t sysctl(const char* name, std::int64_t otherwise) const {
    return snapshot_.host_state->sysctl.find(name).value_or(otherwise);
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
  BadnessContext context;
  context.totalpages = meminfo_pages("MemTotal") + meminfo_pages("SwapTotal");
  context.page_size = *snapshot_.page_size;
  context = judged_by(*version_, context);
  std::size_t compared = 0;
  std::size_t exact = 0;
  for (std::size_t i = 0; i < snapshot_.tasks.size(); ++i) {
    // Who grows while it is read, or vanishes, gets another chance.
    std::int64_t difference = 2;
    for (int attempt = 0; attempt < 4 && difference > 1; ++attempt) {
      if (attempt > 0 && !host_->read_task_again(snapshot_, i)) break;
      const Task& task = snapshot_.tasks[i];
      const auto b = badness(task, context);
      const auto kernel = snapshot_.task_states[i].oom_score;
      if (!b || !kernel) break;
      difference = std::abs(
          oom_score(b->points, b->unkillable.has_value(), context.rule, context.totalpages) -
          *kernel);
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
  OvercommitHost host;
  host.page_size = *snapshot_.page_size;
  host.ram = meminfo_pages("MemTotal");
  host.swap = meminfo_pages("SwapTotal");
  host.ratio = static_cast<int>(sysctl("vm.overcommit_ratio", 50));
  host.overcommit = KiB(sysctl("vm.overcommit_kbytes", 0));
  if (const auto huge = snapshot_.host_state->meminfo.find("Hugetlb")) {
    host.hugetlb = floor_pages(to_bytes(*huge), host.page_size);
  }
  EXPECT_EQ(commit_limit(host), meminfo_pages("CommitLimit"));
}

TEST_F(LiveHostTest, EveryZonesLevelsAreThoseThatFollowFromTheSettings) {
  std::vector<ManagedZone> zones;
  for (const Zone& zone : snapshot_.host_memory->zones) {
    ASSERT_TRUE(zone.find("managed") && zone.find("min")) << zone.name;
    zones.push_back({zone.node.value_or(0), zone.name,
                     floor_pages(to_bytes(*zone.find("managed")), *snapshot_.page_size)});
  }
  ZoneSettings settings;
  settings.page_size = *snapshot_.page_size;
  settings.min_free = KiB(sysctl("vm.min_free_kbytes", -1));
  if (settings.min_free < KiB(0)) GTEST_SKIP() << "min_free_kbytes cannot be read here";
  settings.scale_factor = static_cast<int>(sysctl("vm.watermark_scale_factor", 10));
  const auto levels = zone_levels(zones, settings, *version_);
  ASSERT_EQ(levels.size(), zones.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Zone& zone = snapshot_.host_memory->zones[i];
    const auto pages = [&](const char* name) {
      return floor_pages(to_bytes(zone.find(name).value()), *snapshot_.page_size);
    };
    // zoneinfo prints the levels without the boost that fragmentation gives for a while.
    EXPECT_EQ(levels[i].min, pages("min")) << zone.name;
    EXPECT_EQ(levels[i].low, pages("low")) << zone.name;
    EXPECT_EQ(levels[i].high, pages("high")) << zone.name;
  }
}

// What is kept back of all zones, as the kernel sums it up: from the levels in effect.
struct KeptBack {
  Pages reserve, low;
};
KeptBack kept_back(const Snapshot& snapshot) {
  KeptBack kept{Pages(0), snapshot.host_state->low_of_empty_zones.value_or(Pages(0))};
  for (const Zone& zone : snapshot.host_memory->zones) {
    const auto pages = [&](const char* name) {
      return floor_pages(to_bytes(zone.find(name).value()), *snapshot.page_size);
    };
    Pages largest;
    for (const Pages reserve : zone.lowmem_reserve)
      largest = std::max(largest, reserve);
    kept.reserve += std::min(pages("managed"), largest + pages("high"));
    kept.low += pages("low");
  }
  return kept;
}

TEST_F(LiveHostTest, MemAvailableIsWhatMeminfoSays) {
  const KeptBack kept = kept_back(snapshot_);
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
    const auto said = [&](const char* name) {
      return floor_pages(to_bytes(host.meminfo.find(name).value_or(KiB(0))), *snapshot_.page_size);
    };
    AvailableTerms terms;
    terms.free = said("MemFree");
    terms.active_file = said("Active(file)");
    terms.inactive_file = said("Inactive(file)");
    terms.slab_reclaimable = said("SReclaimable");
    terms.misc_reclaimable = said("KReclaimable") - said("SReclaimable");
    terms.totalreserve = kept.reserve;
    terms.low = kept.low;
    const Pages difference = mem_available(terms) - said("MemAvailable");
    nearest = std::min(nearest, std::abs(difference.count()));
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
