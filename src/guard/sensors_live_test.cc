// The sensors on this machine, beside what the snapshot's sources read of it.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "guard/sensors.h"
#include "io/file_tree.h"
#include "sources/live_host.h"

namespace oomkit {
namespace {

class SensorsLive : public ::testing::Test {
 protected:
  SensorsLive() : place_(find_cgroups("")) {
    needs_.cgroups = needs_.processes = needs_.vmstat = needs_.watermarks = true;
    needs_.pressure_io = needs_.pressure_cpu = true;
    wish_.cgroups = wish_.all_processes = true;
  }
  Sensors make() {
    // With room for the many that other tests may start in the meantime.
    SensorRoom room = room_below("", place_);
    room.processes += 4096;
    return std::move(Sensors::create("", needs_, place_, room)).value();
  }

  std::optional<CgroupPlace> place_;
  TickNeeds needs_;
  TickWish wish_;
};

TEST_F(SensorsLive, TheHostIsTheOneThatASnapshotShows) {
  Sensors sensors = make();
  const Tick& tick = sensors.read(wish_);
  const auto tree = std::move(open_file_tree("/")).value();
  const Snapshot snapshot =
      std::move(std::move(LiveHost::create(*tree)).value().read(HostQuery::everything())).value();
  const auto meminfo = [&](const char* name) {
    return to_bytes(snapshot.host_state->meminfo.find(name).value());
  };
  EXPECT_EQ(*tick.host.mem_total, meminfo("MemTotal"));
  EXPECT_EQ(*tick.host.swap_total, meminfo("SwapTotal"));
  const auto near = [](Bytes a, Bytes b) {
    constexpr std::int64_t kShare = 10;
    return std::abs(a.count() - b.count()) <= std::max(a.count(), b.count()) / kShare + (64 << 20);
  };
  EXPECT_TRUE(near(*tick.host.mem_available, meminfo("MemAvailable")));
  EXPECT_TRUE(near(*tick.host.anon, meminfo("AnonPages")));
  EXPECT_TRUE(tick.host.pgmajfault.has_value());
  EXPECT_LT(*tick.host.watermark_min, *tick.host.watermark_high);
}

Snapshot machine() {
  const auto tree = std::move(open_file_tree("/")).value();
  return std::move(std::move(LiveHost::create(*tree)).value().read(HostQuery::everything()))
      .value();
}

// Others come and go all the time, but who is there before and after is there in between.
TEST_F(SensorsLive, ProcessesAreThoseThatASnapshotHas) {
  Sensors sensors = make();
  const Snapshot before = machine();
  const Tick& tick = sensors.read(wish_);
  const Snapshot after = machine();
  ASSERT_FALSE(tick.processes_cut);
  std::map<std::int64_t, TickProcess> rows;
  for (const TickProcess& row : tick.processes)
    rows[row.pid] = row;
  std::map<std::int64_t, const Task*> stayed;
  for (const Task& task : before.tasks)
    stayed[task.pid] = &task;
  std::size_t compared = 0;
  for (std::size_t index = 0; index < after.tasks.size(); ++index) {
    const Task& task = after.tasks[index];
    if (after.task_states[index].exiting.value_or(false)) continue;  // No cgroup lists it any more.
    const auto same = stayed.find(task.pid);
    if (same == stayed.end() || same->second->comm != task.comm) continue;
    const auto row = rows.find(task.pid);
    if (row == rows.end()) {
      ADD_FAILURE() << task.comm << " (" << task.pid << ") was there, and is in no row";
      continue;
    }
    if (!row->second.rss_anon || !task.oom_score_adj) continue;
    if (same->second->oom_score_adj != task.oom_score_adj) continue;
    ++compared;
    EXPECT_EQ(row->second.oom_score_adj.optional(), task.oom_score_adj);
  }
  EXPECT_GT(compared, 0U);
}

TEST_F(SensorsLive, WeFindOurselves) {
  Sensors sensors = make();
  const Tick& tick = sensors.read(wish_);
  const auto self = std::find_if(tick.processes.begin(), tick.processes.end(),
                                 [&](const TickProcess& row) { return row.pid == tick.own_pid; });
  ASSERT_FALSE(self == tick.processes.end());
  EXPECT_GT(*(*self).rss, Bytes(0));
  EXPECT_LE((*(*self).start).count(), tick.now.count());
  if (!place_) GTEST_SKIP() << "no memory cgroups are to be seen here";
  ASSERT_TRUE(tick.has_cgroups);
  EXPECT_GE(tick.cgroups.size(), 1U);
  if (tick.own_cgroup != kNoRow) {
    EXPECT_EQ((*self).cgroup, tick.own_cgroup);
  }
}

}  // namespace
}  // namespace oomkit
