// What `oom run` says of a run, word for word.
#include "render/command_text.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CommandRun killed_in_v2() {
  CommandRun run;
  run.words = {"./hog", "300"};
  run.cgroup = "/user.slice/oomkit-run-4711-1";
  run.limits.memory = Bytes(80 << 20);
  run.limits.swap = Bytes(16 << 20);
  run.signal = 9;
  run.wall = 1250ms;
  run.user = 20ms;
  run.system = 1s;
  run.largest_process = KiB(98304);
  run.usage.memory_peak = Bytes(80 << 20);
  run.usage.swap_peak = Bytes(16 << 20);
  run.usage.events.set("high", 0);
  run.usage.events.set("max", 1204);
  run.usage.events.set("oom_kill", 1);
  run.usage.pressure.emplace();
  run.usage.pressure->some.emplace();
  run.usage.pressure->some->total = 625ms;
  run.usage.pressure->full.emplace();
  run.usage.pressure->full->total = 400us;
  return run;
}

TEST(CommandText, StatsOfVersionTwo) {
  EXPECT_EQ(command_stats_text(killed_in_v2(), Paint(false)),
            "./hog was ended by signal 9 (SIGKILL) after 1.25 s\n"
            "  memory peak       80.0 MiB of 80.0 MiB\n"
            "  swap peak         16.0 MiB of 16.0 MiB\n"
            "  limit met         1,204 times (max)\n"
            "  killed for it     once (oom_kill)\n"
            "  memory pressure   some 625 ms (50.0 %), full 1 ms (0.0 %)\n"
            "  largest process   96.0 MiB resident\n"
            "  processor time    20 ms user, 1.00 s system\n");
}

TEST(CommandText, StatsOfVersionOneWithoutALimit) {
  CommandRun run;
  run.words = {"make\x1b[31m"};
  run.cgroup_version = 1;
  run.exit_code = 2;
  run.wall = 90min;
  run.usage.events.set("failcnt", 0);
  run.usage.events.set("oom_kill", 0);
  EXPECT_EQ(command_stats_text(run, Paint(false)),
            "make\\x1b[31m ended with status 2 after 90 min\n"
            "  memory peak       not known: this kernel has no memory.peak (5.19)\n"
            "  largest process   0 B resident\n"
            "  processor time    0 s user, 0 s system\n");
}

TEST(CommandText, StatusIsThatOfAShell) {
  CommandRun run;
  run.exit_code = 42;
  EXPECT_EQ(run.status(), 42);
  EXPECT_EQ(killed_in_v2().status(), 137);
}

TEST(CommandText, NotesSayWhatWasDoneBesideRunningIt) {
  CommandRun run;
  EXPECT_THAT(command_notes(run), IsEmpty());
  run.left_over = 1;
  run.stopped = CommandStop::grace_over;
  run.removed = false;
  run.cgroup = "/box";
  EXPECT_THAT(command_notes(run),
              ElementsAre(HasSubstr("asked to"), "killed 1 process that it left behind",
                          HasSubstr("/box is still there")));
}

TEST(CommandText, WithoutALogTheCountersTellOfTheKill) {
  CommandRun run = killed_in_v2();
  EXPECT_EQ(command_kill_text(run, "/dev/kmsg: cannot open: Permission denied"),
            "the kernel killed in its cgroup for lack of memory, once (oom_kill): the limit of "
            "80.0 MiB was reached. Who and why is in the kernel's log, which cannot be read: "
            "/dev/kmsg: cannot open: Permission denied");
  run.usage.memory_peak = Bytes(10 << 20);
  EXPECT_THAT(command_kill_text(run, ""), HasSubstr("the cgroup's peak was 10.0 MiB"));
}

}  // namespace
}  // namespace oomkit
