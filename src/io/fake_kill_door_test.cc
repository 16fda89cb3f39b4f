// The made-up door keeps its promises: what is tested on it would hold on a kernel.
#include "io/fake_kill_door.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(FakeKillDoor, AHandleStaysWithItsProcessWhenThePidIsGivenAgain) {
  FakeKillDoor door;
  door.start(10, {.start_ticks = 1});
  const auto first = static_cast<int>(door.open_process(10).value);
  door.start(10, {.start_ticks = 2});
  EXPECT_TRUE(door.is_gone(first));
  EXPECT_EQ(door.send_signal(first, SIGKILL, SignalReach::process), ESRCH);
  EXPECT_TRUE(door.is_running(10));
  EXPECT_EQ(door.start_ticks(10).value, 2);
  EXPECT_EQ(door.open_process(11).error, ESRCH);
}

TEST(FakeKillDoor, ProcessesDieTheWayTheyAreMade) {
  FakeKillDoor door;
  door.start(10, {.ignores_term = true, .exit_ns = kSecond});
  door.start(11, {.is_stuck = true});
  const auto hog = static_cast<int>(door.open_process(10).value);
  const auto stuck = static_cast<int>(door.open_process(11).value);
  EXPECT_EQ(door.send_signal(hog, SIGTERM, SignalReach::process), 0);
  door.let_time_pass(5 * kSecond);
  EXPECT_FALSE(door.is_gone(hog));
  EXPECT_EQ(door.release_memory(hog), EINVAL) << "it is not dying";
  EXPECT_EQ(door.send_signal(hog, SIGKILL, SignalReach::process), 0);
  EXPECT_FALSE(door.is_gone(hog));
  const std::array<int, 1> handles = {hog};
  door.wait_any(handles, 10 * kSecond);
  EXPECT_TRUE(door.is_gone(hog));
  EXPECT_EQ(door.now_ns(), 7 * kSecond) << "time stood still but for the waiting";
  EXPECT_EQ(door.send_signal(stuck, SIGKILL, SignalReach::process), 0);
  door.let_time_pass(60 * kSecond);
  EXPECT_FALSE(door.is_gone(stuck));
}

TEST(FakeKillDoor, MemoryComesBackOnceByReapingOrByTheEnd) {
  FakeKillDoor door;
  door.start(10, {.exit_ns = kSecond, .bytes = 1000});
  const auto hog = static_cast<int>(door.open_process(10).value);
  EXPECT_EQ(door.send_signal(hog, SIGKILL, SignalReach::process), 0);
  EXPECT_EQ(door.freed_bytes(), 0);
  EXPECT_EQ(door.release_memory(hog), 0);
  EXPECT_EQ(door.freed_bytes(), 1000);
  door.let_time_pass(kSecond);
  EXPECT_EQ(door.freed_bytes(), 1000);
  EXPECT_EQ(door.release_memory(hog), ESRCH);
}

TEST(FakeKillDoor, CallsFailAsOftenAsTold) {
  FakeKillDoor door;
  door.start(10, {});
  door.fail("open", EMFILE, 1);
  EXPECT_EQ(door.open_process(10).error, EMFILE);
  EXPECT_EQ(door.open_process(10).error, 0);
  const int group = door.make_group("app");
  door.fail("memory.high", EBUSY);
  EXPECT_EQ(door.write_file(group, "memory.high", "1"), EBUSY);
  EXPECT_EQ(door.write_file(group, "no.such.file", "1"), ENOENT);
}

TEST(FakeKillDoor, ACgroupListsItsMembersAndIsKilledWithAllBelowIt) {
  FakeKillDoor door;
  const int group = door.make_group("app");
  door.make_group("app/web");
  door.start(10, {.group = "app"});
  door.start(11, {.group = "app/web"});
  door.start(12, {.group = "apple"});
  std::array<char, 64> buffer{};
  EXPECT_EQ(door.read_file(group, "cgroup.procs", buffer).text, "10\n");
  EXPECT_EQ(door.write_file(group, "cgroup.kill", "1"), 0);
  EXPECT_FALSE(door.is_running(10));
  EXPECT_FALSE(door.is_running(11));
  EXPECT_TRUE(door.is_running(12));
}

}  // namespace
}  // namespace oomkit
