// Ticks of a host that is a folder of files: what is found, what is cut, what is gone.
#include "guard/sensors.h"

#include <array>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "io/io_testing.h"

namespace oomkit {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

class SensorsTest : public ::testing::Test {
 protected:
  SensorsTest() {
    host(800);
    place_.write("proc/pressure/memory",
                 "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
                 "full avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
    cgroup("", 0, "1\n");
    cgroup("app", 100, "");
    cgroup("app/web", 60, "10\n11\n");
    cgroup("app/db", 40, "12\n");
    process(1, "init", 1, 1);
    process(10, "web", 1, 30);
    process(11, "web", 10, 30);
    process(12, "db", 1, 40);
    needs_.cgroups = needs_.processes = true;
    wish_.cgroups = wish_.all_processes = true;
  }

  void host(std::int64_t available_mib) {
    place_.write("proc/meminfo",
                 "MemTotal: 1024000 kB\nMemAvailable: " + std::to_string(available_mib * 1024) +
                     " kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  }
  void cgroup(const std::string& path, std::int64_t mib, const std::string& members) {
    const std::string folder = "cg/" + path + "/";
    place_.write(folder + "memory.stat",
                 "anon " + std::to_string(mib * kMiB) + "\nactive_anon 5\n");
    place_.write(folder + "memory.current", std::to_string(mib * kMiB) + "\n");
    place_.write(folder + "memory.max", path == "app" ? "1073741824\n" : "max\n");
    place_.write(folder + "memory.events", "low 0\nhigh 0\nmax 2\noom 1\noom_kill 1\n");
    place_.write(folder + "cgroup.procs", members);
    place_.write(folder + "cgroup.events", "populated 1\nfrozen 0\n");
  }
  void process(int pid, const std::string& comm, int parent, std::int64_t mib) {
    const std::string folder = "proc/" + std::to_string(pid) + "/";
    place_.write(folder + "stat", std::to_string(pid) + " (" + comm + ") S " +
                                      std::to_string(parent) +
                                      " 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 " +
                                      std::to_string(mib * kMiB / 4096) + " 0\n");
    place_.write(folder + "status", "Name:\t" + comm + "\nUid:\t5\t5\t5\t5\nRssAnon:\t" +
                                        std::to_string(mib * 1024) + " kB\nVmSwap:\t0 kB\n");
    place_.write(folder + "oom_score_adj", "-5\n");
    place_.write(folder + "oom_score", std::to_string(mib) + "\n");
    place_.write(folder + "cmdline", std::string("/bin/") + comm + '\0' + "-x" + '\0');
  }

  Sensors make(SensorRoom room = {16, 16, 16}) {
    CgroupPlace cgroups;
    cgroups.point = "/cg";
    cgroups.own_path = "/app/db";
    return std::move(Sensors::create(place_.path(""), needs_, cgroups, room)).value();
  }
  static const TickCgroup* find(const Tick& tick, std::string_view path) {
    for (const TickCgroup& row : tick.cgroups)
      if (row.path == path) return &row;
    return nullptr;
  }
  static std::optional<TickProcess> find(const Tick& tick, std::int32_t pid) {
    for (const TickProcess& row : tick.processes)
      if (row.pid == pid) return row;
    return std::nullopt;
  }

  TemporaryDirectory place_;
  TickNeeds needs_;
  TickWish wish_;
};

TEST_F(SensorsTest, OneTickHoldsHostCgroupsAndProcesses) {
  Sensors sensors = make();
  const Tick& tick = sensors.read(wish_);
  EXPECT_EQ(*tick.host.mem_available, Bytes(800 * kMiB));
  EXPECT_EQ((*tick.host.memory.full.total).count(), 3);
  ASSERT_TRUE(tick.has_cgroups);
  ASSERT_EQ(tick.cgroups.size(), 4U);
  EXPECT_EQ(tick.cgroups[0].path, "/");
  const TickCgroup* web = find(tick, "/app/web");
  ASSERT_NE(web, nullptr);
  EXPECT_EQ(tick.cgroups[web->parent].path, "/app");
  EXPECT_EQ(*web->usage, Bytes(60 * kMiB));
  EXPECT_EQ(*web->max, kUnlimited);
  EXPECT_EQ(*find(tick, "/app")->max, Bytes(1024 * kMiB));
  EXPECT_EQ(*web->events_oom_kill, 1);
  EXPECT_FALSE(web->swap.has_value()) << "no such file";
  ASSERT_NE(tick.own_cgroup, kNoRow);
  EXPECT_EQ(tick.cgroups[tick.own_cgroup].path, "/app/db");
  ASSERT_EQ(tick.processes_read, ProcessesRead::all);
  ASSERT_EQ(tick.processes.size(), 4U);
  const std::optional<TickProcess> child = find(tick, 11);
  ASSERT_TRUE(child);
  EXPECT_EQ(*child->ppid, 10);
  EXPECT_EQ(child->comm, "web");
  EXPECT_EQ(*child->rss_anon, Bytes(30 * kMiB));
  EXPECT_EQ(*child->oom_score_adj, -5);
  EXPECT_EQ(*child->uid, 5);
  EXPECT_EQ(tick.cgroups[child->cgroup].path, "/app/web");
  EXPECT_TRUE(child->cmdline.empty()) << "the policy does not look at it";
}

TEST_F(SensorsTest, ProcessesOfSomeCgroupsAreThoseBelowThemToo) {
  Sensors sensors = make();
  const std::uint64_t app = find(sensors.read(wish_), "/app")->id;
  const std::uint64_t web = find(sensors.read(wish_), "/app/web")->id;
  TickWish some;
  const std::array<std::uint64_t, 1> below = {app};
  some.processes_of = below;
  Sensors other = make();
  other.read({});
  EXPECT_EQ(other.read(some).processes.size(), 3U);
  Sensors third = make();
  third.read({});
  const std::array<std::uint64_t, 1> leaf = {web};
  some.processes_of = leaf;
  const Tick& tick = third.read(some);
  EXPECT_EQ(tick.processes_read, ProcessesRead::some);
  EXPECT_EQ(tick.processes.size(), 2U);
}

TEST_F(SensorsTest, ACgroupThatIsMadeAgainIsAnotherOne) {
  Sensors sensors = make();
  const std::uint64_t before = find(sensors.read(wish_), "/app/web")->id;
  EXPECT_GE(sensors.folder_of(before), 0);
  std::filesystem::rename(place_.path("cg/app/web"), place_.path("cg/app/old"));
  cgroup("app/web", 20, "10\n");
  const Tick& tick = sensors.read(wish_);
  EXPECT_NE(find(tick, "/app/web")->id, before);
  EXPECT_EQ(find(tick, "/app/old")->id, before) << "a new name alone is the same cgroup";
  std::filesystem::remove_all(place_.path("cg/app/old"));
  EXPECT_EQ(sensors.read(wish_).cgroups.size(), 4U);
  EXPECT_EQ(sensors.folder_of(before), -1);
}

TEST_F(SensorsTest, WhatDoesNotFitIsLeftOutAndSaid) {
  Sensors sensors = make({2, 3, 3});
  const Tick& tick = sensors.read(wish_);
  EXPECT_TRUE(tick.cgroups_cut);
  EXPECT_EQ(tick.cgroups.size(), 2U);
  EXPECT_TRUE(tick.processes_cut);
  EXPECT_EQ(tick.processes.size(), 3U) << "of all of /proc, for the tree is not whole";
}

TEST_F(SensorsTest, OnlyTheLargestAreLookedAtClosely) {
  Sensors sensors = make({16, 16, 1});
  const Tick& tick = sensors.read(wish_);
  EXPECT_TRUE(find(tick, 12)->rss_anon.has_value());
  EXPECT_FALSE(find(tick, 10)->rss_anon.has_value());
  EXPECT_EQ(*find(tick, 10)->rss, Bytes(30 * kMiB)) << "its size is known all the same";
}

TEST_F(SensorsTest, MoreProcessesThanAtTheStartAreReadAllTheSame) {
  SensorRoom room{16, 1000, 1};
  room.processes_now = 4;
  for (int pid = 1000; pid < 1500; ++pid)
    process(pid, "more", 1, pid);
  Sensors sensors = std::move(Sensors::create(place_.path(""), needs_, std::nullopt, room)).value();
  const Tick& tick = sensors.read(wish_);
  EXPECT_FALSE(tick.processes_cut);
  ASSERT_EQ(tick.processes.size(), 504U);
  EXPECT_EQ(find(tick, 1499)->comm, "more");
  EXPECT_EQ(*find(tick, 1400)->rss, Bytes(1400 * kMiB));
}

TEST_F(SensorsTest, AProcessThatVanishesWhileItIsReadIsLeftOut) {
  std::filesystem::remove_all(place_.path("proc/11"));
  std::filesystem::remove(place_.path("proc/10/status"));
  Sensors sensors = make();
  const Tick& tick = sensors.read(wish_);
  EXPECT_FALSE(find(tick, 11));
  ASSERT_TRUE(find(tick, 10));
  EXPECT_FALSE(find(tick, 10)->rss_anon.has_value());
}

TEST_F(SensorsTest, ArgumentsAreJoinedByBlanksWhereThePolicyLooksAtThem) {
  needs_.cmdline = true;
  Sensors sensors = make();
  EXPECT_EQ(find(sensors.read(wish_), 12)->cmdline, "/bin/db -x");
}

TEST_F(SensorsTest, WithoutCgroupsAllOfProcIsRead) {
  Sensors sensors =
      std::move(Sensors::create(place_.path(""), needs_, std::nullopt, {16, 16, 16})).value();
  const Tick& tick = sensors.read(wish_);
  EXPECT_FALSE(tick.has_cgroups);
  EXPECT_EQ(tick.processes.size(), 4U);
}

TEST_F(SensorsTest, ASecondLookHasTheNumbersOfItsMoment) {
  Sensors sensors = make();
  sensors.read(wish_);
  host(300);
  EXPECT_EQ(*sensors.read_again().mem_available, Bytes(300 * kMiB));
}

TEST_F(SensorsTest, AnAbsentCacheOfZfsIsLookedForOnceAMinute) {
  needs_.arc = true;
  HostSensor sensor = std::move(HostSensor::create(place_.path(""), needs_)).value();
  constexpr std::int64_t kSecond = 1'000'000'000;
  const auto arc_at = [&](std::int64_t seconds) {
    TickHost host;
    sensor.read_rest(seconds * kSecond, host);
    return host.arc_size;
  };
  EXPECT_FALSE(arc_at(100));
  place_.write("proc/spl/kstat/zfs/arcstats",
               "13 1 0x01 2 544 1 1\nname type data\nsize 4 5000\nc_min 4 1000\n");
  EXPECT_FALSE(arc_at(159));
  EXPECT_EQ(arc_at(160), Known<Bytes>(Bytes(5000)));
  EXPECT_EQ(arc_at(161), Known<Bytes>(Bytes(5000)));
}

TEST_F(SensorsTest, AHostWithoutMeminfoIsRefused) {
  const TemporaryDirectory nothing;
  const auto sensors = Sensors::create(nothing.path(""), needs_, std::nullopt, {1, 1, 1});
  ASSERT_FALSE(sensors.has_value());
  EXPECT_NE(sensors.error().what.find("proc"), std::string::npos);
}

}  // namespace
}  // namespace oomkit
