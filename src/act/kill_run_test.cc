// The kill path over made-up processes: who is signalled, in which order, and what is said of it.
#include "act/kill_run.h"

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fake_kill_door.h"

namespace oomkit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMiB = 1 << 20;

KillStep signal_step(int signal, std::int64_t wait_ns = 0) {
  return {KillVerb::signal, signal, 0, wait_ns};
}
KillStep step(KillVerb verb, std::int64_t amount = 0) {
  return {verb, 0, amount, 0};
}

class KillRunTest : public ::testing::Test {
 protected:
  KillConditions conditions() {
    return {door_.now_ns(), critical_at_ns_ >= 0 && door_.now_ns() >= critical_at_ns_,
            kAvailable + door_.freed_bytes()};
  }

  // As the loop does it: waits for what the run waits for. Bounded, so that a run that never
  // ends is a failure and no hang.
  void carry_out(const KillOrder& order) {
    run_.begin(order, conditions());
    for (turns_ = 0; turns_ < 10'000 && !run_.is_over(); ++turns_) {
      const std::int64_t wait_ns = run_.wake_at_ns() - door_.now_ns();
      door_.wait_any(run_.handles(), std::max<std::int64_t>(0, wait_ns));
      run_.advance(conditions());
    }
    ASSERT_TRUE(run_.is_over());
    EXPECT_EQ(door_.open_handles(), 0U) << "a handle was kept";
  }

  void carry_out(std::vector<KillTarget> targets, std::vector<KillStep> steps,
                 KillGroup group = {}) {
    KillOrder order;
    order.targets = targets;
    order.steps = steps;
    order.group = group;
    carry_out(order);
  }

  const KillOutcome& outcome(std::size_t index) { return run_.outcomes()[index]; }
  std::string result(std::size_t index) { return std::string(result_name(outcome(index).result)); }

  static constexpr std::int64_t kAvailable = 100 * kMiB;
  FakeKillDoor door_;
  KillRun run_{door_};
  std::int64_t critical_at_ns_ = -1;
  int turns_ = 0;  // Of the loop, for one kill.
};

TEST_F(KillRunTest, KillsReapsAndSaysHowLongTheEndTook) {
  door_.start(10, {.start_ticks = 7, .exit_ns = kSecond / 4, .bytes = 50 * kMiB});
  carry_out({{10, 7}}, {step(KillVerb::kill), step(KillVerb::reap)});
  EXPECT_THAT(door_.log, ElementsAre("signal 9 to 10", "release 10"));
  EXPECT_EQ(result(0), "done");
  EXPECT_EQ(outcome(0).took_ns, kSecond / 4);
  EXPECT_EQ(result(1), "done");
  EXPECT_EQ(run_.freed_bytes(), 50 * kMiB);
}

TEST_F(KillRunTest, APidThatWasGivenAgainIsNeverSignalled) {
  door_.start(10, {.start_ticks = 8});
  carry_out({{10, 7}}, {signal_step(SIGTERM, kSecond), step(KillVerb::kill), step(KillVerb::reap)});
  EXPECT_THAT(door_.log, IsEmpty());
  EXPECT_EQ(result(0), "other process");
  EXPECT_EQ(result(1), "other process");
  EXPECT_TRUE(door_.is_running(10));
  EXPECT_EQ(run_.not_same(), 1);
}

TEST_F(KillRunTest, APidThatIsGivenAgainBetweenTermAndKillIsNotSignalledEither) {
  door_.start(10, {.start_ticks = 7, .exit_ns = kSecond});
  KillOrder order;
  const std::vector<KillTarget> targets = {{10, 7}};
  const std::vector<KillStep> steps = {signal_step(SIGTERM, 3 * kSecond), step(KillVerb::kill)};
  order.targets = targets;
  order.steps = steps;
  run_.begin(order, conditions());
  door_.let_time_pass(kSecond);
  door_.start(10, {.start_ticks = 9});
  run_.advance(conditions());
  run_.advance({door_.now_ns() + 60 * kSecond, false, kAvailable});
  EXPECT_TRUE(run_.is_over());
  EXPECT_THAT(door_.log, ElementsAre("signal 15 to 10"));
  EXPECT_TRUE(door_.is_running(10));
}

TEST_F(KillRunTest, WhoeverIsGoneAlreadyNeedsNothing) {
  carry_out({{10, 7}}, {step(KillVerb::kill), step(KillVerb::reap)});
  EXPECT_EQ(result(0), "not needed");
  EXPECT_EQ(result(1), "not needed");
  EXPECT_THAT(door_.log, IsEmpty());
}

TEST_F(KillRunTest, WhoeverEndsOnSigtermGetsNoSigkill) {
  door_.start(10, {.start_ticks = 7, .exit_ns = kSecond / 2});
  carry_out({{10, 7}}, {signal_step(SIGTERM, 2 * kSecond), step(KillVerb::kill)});
  EXPECT_THAT(door_.log, ElementsAre("signal 15 to 10"));
  EXPECT_EQ(result(0), "done");
  EXPECT_EQ(outcome(0).took_ns, kSecond / 2);
  EXPECT_EQ(result(1), "not needed");
}

TEST_F(KillRunTest, WhoeverIgnoresSigtermIsKilledAfterTheWait) {
  door_.start(10, {.start_ticks = 7, .ignores_term = true});
  carry_out({{10, 7}}, {signal_step(SIGTERM, 2 * kSecond), step(KillVerb::kill)});
  EXPECT_THAT(door_.log, ElementsAre("signal 15 to 10", "signal 9 to 10"));
  EXPECT_EQ(result(0), "still there");
  EXPECT_EQ(outcome(0).took_ns, 2 * kSecond);
  EXPECT_EQ(result(1), "done");
}

TEST_F(KillRunTest, TheWaitEndsWhenMemoryGetsCritical) {
  critical_at_ns_ = door_.now_ns() + kSecond / 4;
  door_.start(10, {.start_ticks = 7, .ignores_term = true});
  carry_out({{10, 7}}, {signal_step(SIGTERM, 20 * kSecond), step(KillVerb::kill)});
  EXPECT_EQ(outcome(0).took_ns, 3 * kSecond / 10) << "seen without being told of it";
  EXPECT_FALSE(door_.is_running(10));
}

TEST_F(KillRunTest, HundredsThatEndOneAfterTheOtherDoNotWakeUsEachTime) {
  std::vector<KillTarget> swarm;
  for (std::int32_t pid = 100; pid < 300; ++pid) {
    door_.start(pid, {.start_ticks = 7, .exit_ns = pid * kSecond / 1000});
    swarm.push_back({pid, 7});
  }
  carry_out(swarm, {step(KillVerb::kill)});
  EXPECT_EQ(outcome(0).reached, 200);
  EXPECT_LE(turns_, 3);
}

TEST_F(KillRunTest, WhatDoesNotDieIsGivenUpAndSaidToBeThere) {
  door_.start(10, {.start_ticks = 7, .is_stuck = true, .bytes = 30 * kMiB});
  carry_out({{10, 7}}, {step(KillVerb::kill), step(KillVerb::reap)});
  EXPECT_EQ(result(0), "still there");
  EXPECT_EQ(outcome(0).took_ns, 10 * kSecond);
  EXPECT_EQ(result(1), "done") << "its memory was taken all the same";
  EXPECT_EQ(run_.freed_bytes(), 30 * kMiB);
}

TEST_F(KillRunTest, IsNotOverBeforeTheMemoryIsBack) {
  door_.start(10, {.start_ticks = 7, .bytes = 60 * kMiB});
  const std::vector<KillTarget> targets = {{10, 7}};
  const std::vector<KillStep> steps = {step(KillVerb::kill)};
  KillOrder order;
  order.targets = targets;
  order.steps = steps;
  order.expected_bytes = 60 * kMiB;
  run_.begin(order, {door_.now_ns(), false, kAvailable});
  run_.advance({door_.now_ns() + 1, false, kAvailable + 10 * kMiB});
  EXPECT_FALSE(run_.is_over());
  run_.advance({door_.now_ns() + 2, false, kAvailable + 31 * kMiB});
  EXPECT_TRUE(run_.is_over());
  EXPECT_EQ(run_.freed_bytes(), 31 * kMiB);
}

TEST_F(KillRunTest, MemoryThatDoesNotComeBackIsWaitedForOnlySoLong) {
  door_.start(10, {.start_ticks = 7});
  const std::vector<KillTarget> targets = {{10, 7}};
  const std::vector<KillStep> steps = {step(KillVerb::kill)};
  KillOrder order;
  order.targets = targets;
  order.steps = steps;
  order.expected_bytes = 60 * kMiB;
  const std::int64_t begin = door_.now_ns();
  carry_out(order);
  EXPECT_EQ(door_.now_ns() - begin, order.settle_ns);
  EXPECT_EQ(run_.freed_bytes(), 0);
}

TEST_F(KillRunTest, PermissionIsSaidByTheKernelsNumber) {
  door_.start(10, {.start_ticks = 7});
  door_.fail("signal", EPERM);
  carry_out({{10, 7}}, {step(KillVerb::kill)});
  EXPECT_EQ(result(0), "failed");
  EXPECT_EQ(outcome(0).error, EPERM);
}

TEST_F(KillRunTest, InitAndWhoeverIsProtectedAreRefused) {
  door_.start(1, {.start_ticks = 1});
  door_.start(55, {.start_ticks = 2});
  run_.protect(55);
  carry_out({{1, 1}, {55, 2}}, {step(KillVerb::kill)});
  EXPECT_THAT(door_.log, IsEmpty());
}

TEST_F(KillRunTest, WhoeverTookAProtectedOnesPlaceIsProtectedInstead) {
  door_.start(55, {.start_ticks = 2});
  door_.start(56, {.start_ticks = 2});
  run_.protect(55);
  run_.protect_instead(55, 56);
  carry_out({{55, 2}, {56, 2}}, {step(KillVerb::kill)});
  EXPECT_THAT(door_.log, ElementsAre("signal 9 to 55"));
}

TEST_F(KillRunTest, WithoutHandlesThePidDoesWhileItsStartIsTheSame) {
  door_.fail("open", ENOSYS);
  door_.start(10, {.start_ticks = 7, .exit_ns = kSecond / 10});
  door_.start(11, {.start_ticks = 8});
  carry_out({{10, 7}, {11, 7}}, {step(KillVerb::kill)});
  EXPECT_THAT(door_.log, ElementsAre("signal 9 to 10"));
  EXPECT_EQ(result(0), "done");
}

TEST_F(KillRunTest, TheReaperTriesAgainWhenTheMemoryIsLocked) {
  door_.fail("release", EAGAIN, 1);
  door_.start(10, {.start_ticks = 7, .exit_ns = kSecond});
  carry_out({{10, 7}}, {step(KillVerb::kill), step(KillVerb::reap)});
  EXPECT_EQ(result(1), "done");
}

TEST_F(KillRunTest, ACgroupGoesAtOnceByCgroupKill) {
  const int folder = door_.make_group("app");
  door_.make_group("app/below");
  for (int pid = 10; pid < 30; ++pid)
    door_.start(pid, {.start_ticks = 7, .group = pid % 2 == 0 ? "app" : "app/below"});
  door_.start(90, {.start_ticks = 7, .group = "application"});
  carry_out({}, {step(KillVerb::cgroup_kill), step(KillVerb::reap)}, {folder, -1});
  EXPECT_EQ(door_.file("app", "cgroup.kill"), "1");
  EXPECT_EQ(outcome(0).reached, 20);
  EXPECT_EQ(result(0), "done");
  for (int pid = 10; pid < 30; ++pid)
    EXPECT_FALSE(door_.is_running(pid)) << pid;
  EXPECT_TRUE(door_.is_running(90));
}

TEST_F(KillRunTest, WhoeverComesIntoACgroupFromOutsideIsNotWaitedFor) {
  const int folder = door_.make_group("app");
  for (int pid = 10; pid < 12; ++pid)
    door_.start(pid, {.start_ticks = 7, .group = "app", .exit_ns = kSecond / 10});
  KillOrder order;
  const std::vector<KillStep> steps = {step(KillVerb::cgroup_kill)};
  order.steps = steps;
  order.group = {folder, -1};
  run_.begin(order, conditions());
  door_.start(50, {.start_ticks = 9, .group = "app"});
  run_.advance(conditions());
  EXPECT_FALSE(run_.is_over());
  door_.let_time_pass(kSecond / 5);
  run_.advance(conditions());
  EXPECT_TRUE(run_.is_over());
  EXPECT_EQ(result(0), "done");
  EXPECT_TRUE(door_.is_running(50));
}

TEST_F(KillRunTest, AnOlderKernelsCgroupIsKilledInRounds) {
  const int folder = door_.make_group("app");
  door_.remove_file("app", "cgroup.kill");
  for (int pid = 10; pid < 20; ++pid)
    door_.start(pid,
                {.start_ticks = 7, .group = "app", .exit_ns = kSecond / 10, .forks_on_signal = 1});
  carry_out({}, {step(KillVerb::cgroup_kill)}, {folder, -1});
  EXPECT_EQ(outcome(0).reached, 20) << "the children that were born meanwhile as well";
  EXPECT_EQ(result(0), "done");
  EXPECT_EQ(door_.file("app", "cgroup.freeze"), "0") << "it is left thawed";
}

TEST_F(KillRunTest, InVersionOneTheFreezerHoldsThemAndIsThawedAgain) {
  const int folder = door_.make_group("app");
  door_.remove_file("app", "cgroup.kill");
  door_.put_file("app", "freezer.state", "THAWED");
  door_.start(10, {.start_ticks = 7, .group = "app", .forks_on_signal = 1});
  carry_out({}, {step(KillVerb::cgroup_kill)}, {folder, folder});
  EXPECT_EQ(result(0), "done");
  EXPECT_EQ(door_.file("app", "freezer.state"), "THAWED");
  EXPECT_THAT(door_.log,
              ElementsAre("write app/freezer.state FROZEN", "signal 9 to 10",
                          "write app/freezer.state THAWED", "write app/freezer.state FROZEN",
                          "signal 9 to 100000", "write app/freezer.state THAWED"));
}

TEST_F(KillRunTest, MoreThanThereIsRoomForGoInSeveralRounds) {
  const int folder = door_.make_group("app");
  door_.remove_file("app", "cgroup.kill");
  constexpr int kMany = 1200;
  for (int pid = 1000; pid < 1000 + kMany; ++pid)
    door_.start(pid, {.start_ticks = 7, .group = "app"});
  carry_out({}, {step(KillVerb::cgroup_kill)}, {folder, -1});
  EXPECT_EQ(outcome(0).reached, kMany);
  EXPECT_EQ(result(0), "done");
}

TEST_F(KillRunTest, ACgroupWithUsInItIsNotKilledWhole) {
  const int folder = door_.make_group("app");
  door_.start(10, {.start_ticks = 7, .group = "app"});
  door_.start(55, {.start_ticks = 7, .group = "app"});
  run_.protect(55);
  carry_out({}, {step(KillVerb::cgroup_kill)}, {folder, -1});
  EXPECT_EQ(door_.file("app", "cgroup.kill"), "");
  EXPECT_FALSE(door_.is_running(10));
  EXPECT_TRUE(door_.is_running(55));
  EXPECT_EQ(result(0), "done");
}

TEST_F(KillRunTest, CgroupFilesAreSetAndTheirAbsenceSaid) {
  const int folder = door_.make_group("app");
  carry_out({}, {step(KillVerb::memory_high, 64 * kMiB), step(KillVerb::freeze)}, {folder, -1});
  EXPECT_EQ(door_.file("app", "memory.high"), "67108864");
  EXPECT_EQ(door_.file("app", "cgroup.freeze"), "1");
  door_.remove_file("app", "memory.high");
  carry_out({}, {step(KillVerb::memory_high, -1), step(KillVerb::thaw)}, {folder, -1});
  EXPECT_EQ(result(0), "failed");
  EXPECT_EQ(outcome(0).error, ENOENT);
  EXPECT_EQ(door_.file("app", "cgroup.freeze"), "0");
}

TEST_F(KillRunTest, ReclaimsInPiecesAndStopsWhereTheKernelFindsNoMore) {
  const int folder = door_.make_group("app");
  carry_out({}, {step(KillVerb::reclaim, 20 * kMiB)}, {folder, -1});
  EXPECT_THAT(door_.log,
              ElementsAre("write app/memory.reclaim 8388608", "write app/memory.reclaim 8388608",
                          "write app/memory.reclaim 4194304"));
  EXPECT_EQ(result(0), "done");
  door_.fail("memory.reclaim", EAGAIN);
  carry_out({}, {step(KillVerb::reclaim, 20 * kMiB)}, {folder, -1});
  EXPECT_EQ(outcome(0).error, EAGAIN);
}

TEST_F(KillRunTest, AProcessGroupIsReachedWholeOrMemberByMember) {
  door_.start(10, {.start_ticks = 7});
  door_.start(11, {.start_ticks = 8});
  const std::vector<KillTarget> targets = {{10, 7}, {11, 8}};
  const std::vector<KillStep> steps = {step(KillVerb::kill)};
  KillOrder order;
  order.targets = targets;
  order.steps = steps;
  order.reach = SignalReach::process_group;
  door_.fail("group", EINVAL);  // Before 6.9.
  carry_out(order);
  EXPECT_THAT(door_.log, ElementsAre("signal 9 to 10", "signal 9 to 11"));
}

TEST_F(KillRunTest, TheKernelsOwnChoiceIsAskedForByOneLetter) {
  carry_out({}, {step(KillVerb::sysrq)});
  EXPECT_THAT(door_.log, ElementsAre("sysrq f"));
  door_.fail("sysrq", EACCES);
  carry_out({}, {step(KillVerb::sysrq)});
  EXPECT_EQ(outcome(0).error, EACCES);
}

}  // namespace
}  // namespace oomkit
