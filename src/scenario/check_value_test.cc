// Checks against a record: what each subject finds, and that what is not there never passes.
#include "scenario/check_value.h"

#include <gtest/gtest.h>

#include "scenario/expect.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

constexpr const char* kScenario = R"(schema = 1
name = "s"
[[cgroup]]
path = "/box"
[[process]]
name = "hog"
cgroup = "/box"
count = 2
[[event]]
at = "1s"
read = "/box/memory.events"
name = "events"
[[event]]
at = "1s"
read = "/box/memory.current"
name = "usage"
[[event]]
at = "1s"
read = "/proc/{hog}/status"
name = "status"
[[event]]
at = "1s"
read = "/proc/pressure/memory"
name = "pressure"
[[event]]
at = "1s"
read = "/dev/core"
name = "core"
[end]
after = "2s"
)";

RunEvent read_event(const char* name, std::optional<std::string> value) {
  RunEvent event;
  event.kind = "read";
  event.name = name;
  event.value = std::move(value);
  return event;
}

RunRecord record() {
  RunRecord record;
  record.events.push_back(read_event("usage", "1\n"));
  record.events.push_back(read_event("usage", "41943040\n"));
  record.events.push_back(read_event("events", "low 0\nmax 17\noom_kill 1\n"));
  record.events.push_back(
      read_event("status", "Name:\thog\nState:\tD (disk sleep)\nVmRSS:\t    1024 kB\n"));
  record.events.push_back(
      read_event("pressure", "some avg10=0.50 total=2500\nfull avg10=0.00 total=700\n"));
  RunEvent refused = read_event("core", std::nullopt);
  refused.error = "ENOENT";
  record.events.push_back(refused);
  RunEvent kill;
  kill.kind = "oom_kill";
  kill.comm = "hog";
  kill.instance = 2;
  record.events.push_back(kill);
  RunEvent state;
  state.kind = "state";
  state.comm = "hog";
  state.instance = 2;
  state.value = "S";
  record.events.push_back(state);
  RunCgroup box;
  box.path = "/box";
  box.max_usage = Bytes(80 << 20);
  box.events = {{"oom_kill", 1}};
  box.psi = RunPsi{300, 200};
  record.cgroups.push_back(box);
  RunProcess second;
  second.comm = "hog";
  second.instance = 2;
  second.state = "killed";
  second.signal = 9;
  record.processes.push_back(second);
  record.host.total = Bytes(1000);
  record.host.commit_limit = Bytes(604);
  record.host.vmstat = {{"oom_kill", 1}};
  record.findings = {{"memcg-limit", 1}};
  return record;
}

// "" when the check holds.
std::string verdict(const std::string& text) {
  const Scenario scenario = parse_scenario(kScenario).scenario;
  const auto check = parse_check(text, scenario);
  if (!check) return "refused: " + check.error().what;
  return difference_of(*check, record()).value_or("");
}

TEST(CheckValue, EachSubjectFindsWhatItNames) {
  for (const char* text : {
           "killed_by_kernel == 1",
           "events.oom_kill == 1",
           "events.oom_kill.hog == 1",
           "events.refused == 0",
           "read.usage == 40M",
           "read.events.max == 17",
           "read.status.State == D",
           "read.status.VmRSS == 1M",
           "read.pressure.some.total == 2500",
           "read.pressure.full.total == 700",
           "read.core.error == ENOENT",
           "read.usage.error == none",
           "state.hog.2 == S",
           "cgroup./box.max_usage == 80M",
           "cgroup./box.events.oom_kill == 1",
           "cgroup./box.psi.full_us == 200",
           "process.hog.2.state == killed",
           "process.hog.2.signal == 9",
           "host.total == 1000",
           "host.vmstat.oom_kill == 1",
           "host.commit_limit == 0.6 * host.total + 4",
           "log.finding.memcg-limit == 1",
           "log.finding.swap-full == 0",
           "cgroup./box.max_usage <= read.usage + 40M",
       }) {
    EXPECT_EQ(verdict(text), "") << text;
  }
}

TEST(CheckValue, TheReadThatCountsIsTheLast) {
  EXPECT_EQ(verdict("read.usage == 1"), "read.usage == 1: got 41943040");
}

TEST(CheckValue, WhatDoesNotHoldSaysWhatWasFound) {
  EXPECT_EQ(verdict("read.events.max < 17"), "read.events.max < 17: got 17");
  EXPECT_EQ(verdict("read.status.State == S"), "read.status.State == S: got \"D\"");
  EXPECT_EQ(verdict("host.commit_limit > 0.6 * host.total + 4"),
            "host.commit_limit > 0.6 * host.total + 4: got 604 against 604");
  EXPECT_EQ(verdict("process.hog.2.signal != 9"), "process.hog.2.signal != 9: got 9");
}

TEST(CheckValue, WhatTheRecordDoesNotHaveNeverHolds) {
  for (const char* text : {"read.events.high == 0", "read.core == 1", "process.hog.state == killed",
                           "process.hog.2.rss > 0", "cgroup./box.usage > 0", "host.free != 1",
                           "state.hog == S", "host.vmstat.pgscan >= 0"}) {
    EXPECT_EQ(verdict(text), std::string(text) + ": not recorded");
  }
  EXPECT_EQ(verdict("host.total > host.free"),
            "host.total > host.free: its right side is not recorded");
}

TEST(CheckValue, AWordIsNoNumber) {
  EXPECT_EQ(verdict("read.status.State > 0"), "read.status.State > 0: got \"D\"");
  EXPECT_EQ(verdict("read.status.State != S"), "");
}

}  // namespace
}  // namespace oomkit
