// Two processes and one kill, on each kernel there is: the record, the log and what the tool
// says of them agree.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/kernel_image.h"
#include "model/run_record_json.h"
#include "tests/cli/run_program.h"
#include "vm_testing.h"

namespace oomkit {
namespace {

constexpr const char* kTwo = R"(schema = 1
name = "two"
[host]
memory = "384M"
cgroup = "v2"
[[cgroup]]
path = "/box"
set = { "memory.max" = "40M" }
[[process]]
name = "calm"
cgroup = "/box"
steps = [ { alloc = "5M" }, { mark = "settled" } ]
[[process]]
name = "leaky"
cgroup = "/box"
after = "settled"
steps = [ { alloc = "1M", times = 100, every = "5ms" } ]
[end]
after = "30s"
when = "oom_kills >= 1"
[expect]
victims = ["leaky"]
survivors = ["calm"]
constraint = "memcg"
oom_kills = 1
)";

class OnEachKernel : public testing::TestWithParam<std::string> {};

TEST_P(OnEachKernel, TheLeakIsKilledAndTheRecordSaysWhy) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const auto kernels = fetched_kernels();
  if (std::find(kernels.begin(), kernels.end(), GetParam()) == kernels.end())
    GTEST_SKIP() << "kernel " << GetParam() << " is not fetched (./dev kernels)";
  const ScratchFolder scratch;
  const std::string scenario = scratch.put("two.toml", kTwo);
  const Ran ran = run_oom({"rehearse", scenario, "--kernel", GetParam(), "--log",
                           scratch.path("two.log"), "--record", scratch.path("two.json")});
  ASSERT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("leaky"), std::string::npos);

  const auto record = parse_run_record(scratch.read("two.json"));
  ASSERT_TRUE(record.has_value()) << record.error().what;
  EXPECT_EQ(record->world, "vm");
  EXPECT_EQ(record->kernel->rfind(GetParam() + ".", 0), 0U) << *record->kernel;
  EXPECT_EQ(record->victims, std::vector<std::string>{"leaky"});
  EXPECT_EQ(record->survivors, std::vector<std::string>{"calm"});
  EXPECT_EQ(record->ended, "condition");
  EXPECT_TRUE(record->warnings.empty()) << record->warnings.front();
  ASSERT_TRUE(record->expect.has_value());
  EXPECT_TRUE(record->expect->holds);
  const auto kill = std::find_if(record->events.begin(), record->events.end(),
                                 [](const RunEvent& it) { return it.kind == "oom_kill"; });
  ASSERT_NE(kill, record->events.end());
  EXPECT_EQ(kill->constraint, "memcg");
  EXPECT_EQ(kill->cgroup, "/box");
  EXPECT_GT(kill->t_ms, 0);
  EXPECT_LE(kill->t_ms, record->duration_ms + 1000);

  // The log stands on its own: explained alone it names the same victim, who is also the one
  // that the kernel's own rule picks.
  const Ran explained = run_oom({"explain", "--format", "json", scratch.path("two.log")});
  EXPECT_EQ(explained.exit_status, 0) << explained.err;
  EXPECT_NE(explained.out.find("\"agrees\":true"), std::string::npos);
  EXPECT_NE(explained.out.find("\"complete\":true"), std::string::npos);
  EXPECT_NE(explained.out.find("\"oom_path\":\"/box\""), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Kernels, OnEachKernel, testing::Values("5.10", "6.1", "6.12", "7.2"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return "Linux_" + name;
                         });

// The leak is smaller than what is steady, and the policy that is shipped tells them apart; without
// the guard the kernel takes the larger one.
TEST(Rehearse, AGuardActsByItsPolicyBeforeTheKernelHasTo) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const ScratchFolder scratch;
  const std::string scenario = OOMKIT_SOURCE_DIR "/examples/leak.toml";
  const std::string kernel_chooses = scratch.path("kernel.json");
  std::vector<std::string> call = {
      "rehearse",    scenario,
      "--policy",    OOMKIT_SOURCE_DIR "/packaging/policies/server.toml",
      "--record",    scratch.path(""),
      "--decisions", scratch.path(""),
      "--log",       scratch.path("")};
  const std::vector<std::string> kernels = fetched_kernels();
  const Ran unguarded =
      run_oom({"rehearse", scenario, "--kernel", kernels.back(), "--record", kernel_chooses});
  ASSERT_EQ(unguarded.exit_status, 0) << unguarded.out << unguarded.err;
  const auto lost = parse_run_record(scratch.read("kernel.json"));
  ASSERT_TRUE(lost.has_value()) << lost.error().what;
  EXPECT_EQ(lost->victims, std::vector<std::string>{"database"});

  for (const std::string& kernel : {kernels.front(), kernels.back()})
    call.insert(call.end(), {"--kernel", kernel});
  const Ran ran = run_oom(call);
  ASSERT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("guard: exhaustion"), std::string::npos) << ran.out;
  for (const std::string& kernel : {kernels.front(), kernels.back()}) {
    const auto record = parse_run_record(scratch.read("leak." + kernel + ".json"));
    ASSERT_TRUE(record.has_value()) << record.error().what;
    EXPECT_EQ(record->victims, std::vector<std::string>{"leaky"});
    EXPECT_EQ(record->survivors, std::vector<std::string>{"database"});
    EXPECT_TRUE(record->warnings.empty()) << record->warnings.front();
    const auto kill = std::find_if(record->events.begin(), record->events.end(),
                                   [](const RunEvent& it) { return it.kind == "guard_kill"; });
    ASSERT_NE(kill, record->events.end());
    EXPECT_EQ(kill->by, "exhaustion");
    const std::string decisions = scratch.read("leak." + kernel + ".jsonl");
    EXPECT_NE(decisions.find("\"schema\":\"oomkit.decision/1\""), std::string::npos);
    EXPECT_NE(decisions.find("\"comm\":\"leaky\""), std::string::npos);
    EXPECT_NE(scratch.read("leak." + kernel + ".log").find("oom-guard: rule exhaustion: leaky"),
              std::string::npos);
  }
}

TEST(Rehearse, RunsSideBySideGiveComparableRecords) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const ScratchFolder scratch;
  const std::string scenario = scratch.put("two.toml", kTwo);
  const std::string kernel = fetched_kernels().front();
  const Ran ran = run_oom({"rehearse", scenario, scenario, "--kernel", kernel, "--format", "json",
                           "--record", scratch.path("")});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_EQ(
      ran.out.rfind("{\"schema\":\"oomkit.runs/1\",\"runs\":[{\"schema\":\"oomkit.run/1\"", 0), 0U)
      << ran.out.substr(0, 200);
  const std::string record = scratch.path("two." + kernel + ".json");
  const Ran compared = run_oom({"compare", record, record});
  EXPECT_EQ(compared.exit_status, 0) << compared.out << compared.err;
}

TEST(Rehearse, AnExpectationThatDoesNotHoldIsToldAndExitsWithOne) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const ScratchFolder scratch;
  std::string wrong = kTwo;
  wrong.replace(wrong.find("victims = [\"leaky\"]"), 19, "victims = [\"calm\"]");
  const Ran ran = run_oom({"rehearse", scratch.put("two.toml", wrong), "--explain", "none"});
  EXPECT_EQ(ran.exit_status, 1) << ran.err;
  EXPECT_NE(ran.out.find("victims: expected"), std::string::npos) << ran.out;
}

TEST(Rehearse, APanicIsTheEndOfTheRunAndReadFromTheConsole) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const ScratchFolder scratch;
  const Ran ran = run_oom({"rehearse", scratch.put("panic.toml", R"(schema = 1
name = "panic"
[host]
memory = "256M"
sysctl = { "vm.panic_on_oom" = 1 }
[[process]]
name = "leaky"
steps = [ { alloc = "4M", times = 1000 } ]
[end]
after = "40s"
[expect]
panic = true
)"),
                           "--record", scratch.path("panic.json")});
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  const auto record = parse_run_record(scratch.read("panic.json"));
  ASSERT_TRUE(record.has_value()) << record.error().what;
  EXPECT_EQ(record->ended, "panic");
  EXPECT_EQ(record->events.back().kind, "panic");
}

}  // namespace
}  // namespace oomkit
