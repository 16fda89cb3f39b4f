#include "lab/complete.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A cgroup's kill as 6.1 prints it, in records of /dev/kmsg.
std::string kill_records(const std::string& comm, int pid) {
  const std::string id = std::to_string(pid);
  std::string text;
  int sequence = 10;
  for (const std::string& line :
       {std::string("oomkit: scenario begins"),
        comm + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "CPU: 0 PID: " + id + " Comm: " + comm + " Not tainted 6.1.0-50-cloud-amd64 #1",
        std::string("memory: usage 40960kB, limit 40960kB, failcnt 17"),
        std::string("swap: usage 0kB, limit 9007199254740988kB, failcnt 0"),
        std::string("Memory cgroup stats for /box:"), std::string("anon 41000000"),
        std::string("file 0"), std::string("Tasks state (memory values in pages):"),
        std::string("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj "
                    "name"),
        "[     " + id + "]     0    " + id + "    30000     9000   112000        0             0 " +
            comm,
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/box,task_memcg=/box,task=" +
            comm + ",pid=" + id + ",uid=0",
        "Memory cgroup out of memory: Killed process " + id + " (" + comm +
            ") total-vm:120000kB, anon-rss:36000kB, file-rss:0kB, shmem-rss:0kB, UID:0 "
            "pgtables:112kB oom_score_adj:0"}) {
    text += "6," + std::to_string(sequence) + "," + std::to_string(1'000'000 + sequence * 1000) +
            ",-;" + line + "\n";
    ++sequence;
  }
  return text;
}

RunEvent start_of(const std::string& comm, std::int64_t pid) {
  RunEvent event;
  event.kind = "start";
  event.comm = comm;
  event.instance = 1;
  event.pid = pid;
  return event;
}

RunProcess process_of(const std::string& comm, std::int64_t pid, const std::string& state) {
  RunProcess process;
  process.comm = comm;
  process.pid = pid;
  process.state = state;
  if (state == "killed") process.signal = 9;
  return process;
}

class CompleteRecord : public testing::Test {
 protected:
  CompleteRecord() {
    scenario_.name = "two";
    for (const char* name : {"leaky", "calm"})
      scenario_.processes.emplace_back().name = name;
    heard_.hello = GuestHello{1, "6.1.0-50-cloud-amd64", 2000, 4096};
    heard_.begin_us = 1'010'000;
    heard_.kmsg = kill_records("leaky", 78);
    heard_.parts.events = {start_of("leaky", 78), start_of("calm", 77)};
    heard_.parts.processes = {process_of("leaky", 78, "killed"), process_of("calm", 77, "alive")};
    heard_.end = GuestEnd{"condition", 900};
  }

  RunRecord completed(VmEnd end = VmEnd::exited, const std::string& console = "") {
    VmOutcome outcome;
    outcome.end = end;
    return complete_record(
        {.scenario = scenario_, .release = "6.1.0", .seed = 7, .wall_ms = 5000, .outcome = outcome},
        heard_, make_kernel_log(heard_.kmsg, console));
  }

  Scenario scenario_;
  Transcript heard_;
};

TEST_F(CompleteRecord, AKillOfTheLogIsAnEventWithItsReason) {
  const RunRecord record = completed();
  EXPECT_THAT(record.victims, ElementsAre("leaky"));
  EXPECT_THAT(record.survivors, ElementsAre("calm"));
  EXPECT_EQ(record.ended, "condition");
  EXPECT_EQ(record.duration_ms, 900);
  EXPECT_EQ(record.kernel, "6.1.0-50-cloud-amd64");
  EXPECT_THAT(record.warnings, IsEmpty());
  const auto kill = std::find_if(record.events.begin(), record.events.end(),
                                 [](const RunEvent& it) { return it.kind == "oom_kill"; });
  ASSERT_NE(kill, record.events.end());
  EXPECT_EQ(kill->pid, 78);
  EXPECT_EQ(kill->instance, 1);
  EXPECT_EQ(kill->constraint, "memcg");
  EXPECT_EQ(kill->cgroup, "/box");
  EXPECT_EQ(kill->by, "kernel");
  EXPECT_GE(kill->t_ms, 1);
  EXPECT_LE(kill->t_ms, 12);
  EXPECT_FALSE(record.findings.empty());
}

// As 6.1 and 6.12 print it when the first one of a group has gone before it is met again.
TEST_F(CompleteRecord, WhoIsGoneWhenItsGroupIsKilledWasKilled) {
  int sequence = 30;
  for (const char* line :
       {"Tasks in /box are going to be killed due to memory.oom.group set",
        "Memory cgroup out of memory: Killed process 77 (calm) total-vm:31220kB, anon-rss:488kB, "
        "file-rss:4kB, shmem-rss:29284kB, UID:0 pgtables:100kB oom_score_adj:0",
        "Memory cgroup out of memory: OOM victim 78 (leaky) is already exiting. Skip killing the "
        "task"}) {
    heard_.kmsg += "6," + std::to_string(sequence) + "," +
                   std::to_string(1'000'000 + sequence * 1000) + ",-;" + line + "\n";
    ++sequence;
  }
  heard_.parts.processes = {process_of("leaky", 78, "killed"), process_of("calm", 77, "killed")};
  EXPECT_THAT(completed().victims, ElementsAre("leaky", "calm"));
}

// Chosen, and gone before the signal: nobody was killed.
TEST_F(CompleteRecord, WhoIsGoneWhenItIsChosenWasNotKilled) {
  const std::size_t verdict = heard_.kmsg.find("Killed process 78");
  heard_.kmsg.resize(verdict);
  heard_.kmsg += "OOM victim 78 (leaky) is already exiting. Skip killing the task\n";
  EXPECT_THAT(completed().victims, IsEmpty());
}

TEST_F(CompleteRecord, WitnessesThatContradictEachOtherAreToldOf) {
  heard_.parts.processes = {process_of("leaky", 78, "alive"), process_of("calm", 77, "killed")};
  const RunRecord record = completed();
  EXPECT_THAT(record.warnings, ElementsAre(HasSubstr("says that leaky (pid 78) was killed"),
                                           HasSubstr("calm (pid 77) was ended by SIGKILL")));
}

TEST_F(CompleteRecord, AKillThatTheScenarioItselfSentIsNoContradiction) {
  heard_.parts.processes[1] = process_of("calm", 77, "killed");
  EventSpec& event = scenario_.events.emplace_back();
  event.kind = Action::Kind::signal;
  event.process = "calm";
  event.signal = "KILL";
  EXPECT_THAT(completed().warnings, IsEmpty());
}

TEST_F(CompleteRecord, APanicIsReadFromTheConsole) {
  heard_.end.reset();
  heard_.parts.processes.clear();
  const RunRecord record = completed(
      VmEnd::exited,
      "[    2.510000] Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is "
      "enabled\r\n");
  EXPECT_EQ(record.ended, "panic");
  ASSERT_FALSE(record.events.empty());
  EXPECT_EQ(record.events.back().kind, "panic");
  EXPECT_EQ(record.events.back().t_ms, 1500);
  EXPECT_THAT(*record.events.back().value, HasSubstr("system-wide panic_on_oom"));
  EXPECT_THAT(record.survivors, IsEmpty());
}

TEST_F(CompleteRecord, AGuestThatHangsIsSaidToHaveHung) {
  heard_.end.reset();
  const RunRecord record = completed(VmEnd::deadline);
  EXPECT_EQ(record.ended, "limit");
  EXPECT_THAT(record.warnings, ElementsAre(HasSubstr("ended at its limit")));
}

TEST_F(CompleteRecord, AMachineThatDiesIsSaidToHaveDied) {
  heard_.end.reset();
  EXPECT_EQ(completed(VmEnd::exited).ended, "vm_died");
}

TEST_F(CompleteRecord, WhatIsMissingOrUnreadableIsCounted) {
  heard_.kmsg += "6,40,2000000,-;after a gap\n";
  heard_.malformed = 1;
  EXPECT_THAT(completed().warnings, ElementsAre("17 lines of the kernel log were lost",
                                                HasSubstr("1 line of the guest")));
}

RunEvent exit_of(const std::string& comm, std::int64_t pid, std::int64_t t_ms,
                 const std::string& value) {
  RunEvent event = start_of(comm, pid);
  event.kind = "exit";
  event.t_ms = t_ms;
  event.value = value;
  return event;
}

GuestDecision decision_of(std::int64_t t_ms, const std::string& rule, const std::string& rest) {
  return {t_ms, R"({"schema":"oomkit.decision/1","rule":")" + rule + "\"," + rest + "}"};
}

TEST_F(CompleteRecord, WhoTheGuardChoseAndWhoEndedByItsSignalWasKilledByIt) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.decisions = {
      decision_of(400, "held back", R"("held_back":"cooldown","candidates":[{"pid":78,"rank":1}])"),
      decision_of(750, "exhaustion",
                  R"("held_back":null,"dry_run":false,)"
                  R"("candidates":[{"pid":77,"rank":2},{"pid":78,"comm":"leaky","rank":1}])")};
  const RunRecord record = completed();
  EXPECT_THAT(record.victims, ElementsAre("leaky"));
  EXPECT_THAT(record.warnings, IsEmpty());
  const auto kill = std::find_if(record.events.begin(), record.events.end(),
                                 [](const RunEvent& it) { return it.kind == "guard_kill"; });
  ASSERT_NE(kill, record.events.end());
  EXPECT_EQ(kill->by, "exhaustion");
  EXPECT_EQ(kill->t_ms, 700);
  EXPECT_EQ(std::next(kill)->kind, "exit");
}

TEST_F(CompleteRecord, AGuardThatOnlyWatchedKilledNobody) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.decisions = {decision_of(
      690, "exhaustion", R"("held_back":null,"dry_run":true,"candidates":[{"pid":78,"rank":1}])")};
  const RunRecord record = completed();
  EXPECT_THAT(record.victims, IsEmpty());
  EXPECT_THAT(record.warnings, ElementsAre(HasSubstr("the kernel log does not say why")));
}

TEST_F(CompleteRecord, ARuleThatOnlySaysSomethingKilledNobody) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.decisions = {
      decision_of(690, "judged",
                  R"("held_back":null,"dry_run":false,"actions":[{"do":"log"}],)"
                  R"("candidates":[{"pid":78,"rank":1}])"),
      decision_of(698, "stall",
                  R"("held_back":null,"dry_run":false,"actions":[{"do":"kill"},{"do":"reap"}],)"
                  R"("candidates":[{"pid":78,"rank":1}])")};
  const RunRecord record = completed();
  const auto kill = std::find_if(record.events.begin(), record.events.end(),
                                 [](const RunEvent& it) { return it.kind == "guard_kill"; });
  ASSERT_NE(kill, record.events.end());
  EXPECT_EQ(kill->by, "stall");
}

TEST_F(CompleteRecord, OfACgroupThatTheGuardKilledEachProcessIsItsVictim) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.processes[1] = process_of("calm", 77, "killed");
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.parts.events.push_back(exit_of("calm", 77, 701, "signal 9"));
  heard_.decisions = {
      decision_of(720, "swarm",
                  R"("held_back":null,"dry_run":false,"candidates":[{"cgroup":"/box","rank":1}])")};
  EXPECT_THAT(completed().victims, ElementsAre("leaky", "calm"));
}

TEST_F(CompleteRecord, WhoEndsWithItsFamilyIsTheGuardsVictimToo) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.processes[1] = process_of("calm", 77, "killed");
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.parts.events.push_back(exit_of("calm", 77, 701, "signal 9"));
  heard_.decisions = {decision_of(
      720, "exhaustion", R"("held_back":null,"dry_run":false,"candidates":[{"pid":78,"rank":1}])")};
  EXPECT_THAT(completed().victims, ElementsAre("leaky", "calm"));
}

TEST_F(CompleteRecord, WhoEndsLongAfterADecisionIsNotItsVictim) {
  heard_.kmsg = "6,1,1010000,-;oomkit: scenario begins\n";
  heard_.parts.processes[1] = process_of("calm", 77, "killed");
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.parts.events.push_back(exit_of("calm", 77, 20'000, "signal 9"));
  heard_.decisions = {decision_of(
      720, "exhaustion", R"("held_back":null,"dry_run":false,"candidates":[{"pid":78,"rank":1}])")};
  EXPECT_THAT(completed().victims, ElementsAre("leaky"));
}

TEST_F(CompleteRecord, WhatTheKernelKilledIsNotTheGuards) {
  heard_.parts.events.push_back(exit_of("leaky", 78, 700, "signal 9"));
  heard_.decisions = {decision_of(
      750, "exhaustion", R"("held_back":null,"dry_run":false,"candidates":[{"pid":78,"rank":1}])")};
  const RunRecord record = completed();
  EXPECT_THAT(record.victims, ElementsAre("leaky"));
  EXPECT_TRUE(std::none_of(record.events.begin(), record.events.end(),
                           [](const RunEvent& it) { return it.kind == "guard_kill"; }));
}

}  // namespace
}  // namespace oomkit
