#include "guest/stage.h"

#include <gtest/gtest.h>

#include "guest/plan.h"
#include "scenario/parse.h"

namespace oomkit::guest {
namespace {

Scenario scenario_of(const std::string& rest) {
  ParsedScenario parsed = parse_scenario("schema = 1\nname = \"x\"\n" + rest);
  EXPECT_TRUE(parsed.diagnostics.empty()) << rest;
  return std::move(parsed.scenario);
}

TEST(StageTest, FilesOfAScenarioAreWhereItPlays) {
  const Stage v1 = stage_of_vm(CgroupVersion::v1);
  EXPECT_EQ(real_path(v1, "/box/memory.oom_control").view(),
            "/sys/fs/cgroup/memory/box/memory.oom_control");
  EXPECT_EQ(real_path(v1, "/box/cpuset.mems").view(), "/sys/fs/cgroup/cpuset/box/cpuset.mems");
  EXPECT_EQ(real_path(v1, "/proc/meminfo").view(), "/proc/meminfo");
  const Stage here = stage_here(CgroupVersion::v1, "/sys/fs/cgroup/memory/mine", "/scratch");
  EXPECT_EQ(real_path(here, "/memory.stat").view(), "/sys/fs/cgroup/memory/mine/memory.stat");
  EXPECT_EQ(data_path(here, "data").view(), "/scratch/data");
  EXPECT_EQ(sysctl_path("vm.overcommit_memory").view(), "/proc/sys/vm/overcommit_memory");
}

struct Harm {
  const char* name;
  const char* source;
};

class HarmlessHere : public testing::TestWithParam<Harm> {};

TEST_P(HarmlessHere, IsRefusedOnAMachineOfOthers) {
  const Scenario scenario = scenario_of(GetParam().source);
  EXPECT_FALSE(check_stage(scenario, stage_here(CgroupVersion::v2, "/x", "/y")).has_value());
  EXPECT_TRUE(check_stage(scenario, stage_of_vm(CgroupVersion::v2)).has_value());
}

constexpr Harm kHarms[] = {
    {"Swap", "[host]\nswap = \"64M\"\n"},
    {"Nodes", "[host]\nnodes = 2\n"},
    {"Sysctl", "[host]\nsysctl = { \"vm.swappiness\" = 1 }\n"},
    {"BootParameters", "[host]\nboot = [\"x\"]\n"},
    {"SysctlEvent", "[[event]]\nat = \"1s\"\nsysctl = { \"vm.swappiness\" = 1 }\n"},
    {"Sysrq", "[[event]]\nat = \"1s\"\nsysrq = \"f\"\n"},
    {"Module", "[[event]]\nat = \"1s\"\nload_module = { file = \"x.ko\" }\n"},
    {"WriteOutside",
     "[[event]]\nat = \"1s\"\nwrite = { file = \"/proc/sys/vm/swappiness\", value = 1 }\n"},
    {"WriteOfAListener",
     "[[listener]]\nname = \"l\"\nfile = \"/memory.events\"\n"
     "then = [ { write = { file = \"/proc/sysrq-trigger\", value = \"f\" } } ]\n"},
    {"ProcessWithoutCgroup", "[[process]]\nname = \"p\"\n"},
};
INSTANTIATE_TEST_SUITE_P(Stage, HarmlessHere, testing::ValuesIn(kHarms),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(PlanTest, CountsAllThatCanBeStarted) {
  const Scenario scenario = scenario_of(
      "[[process]]\nname = \"p\"\ncount = 2\nsteps = [ { mark = \"m\" }, { fork = 3, name = \"c\", "
      "steps = [ { fork = 2, times = 2 } ] } ]\n");
  const Stage stage = stage_of_vm(CgroupVersion::v2);
  const Plan plan = Plan::create(scenario, stage, 1);
  EXPECT_EQ(plan.slots, 1 + 2 * (1 + 3 * (1 + 4)));
  EXPECT_EQ(plan.comms, (std::vector<std::string>{"p", "c"}));
  EXPECT_EQ(plan.marks[plan.exit_marks[1]], "c exits");
}

TEST(PlanTest, AForkBombHasABoardOfBoundedSize) {
  const Scenario scenario = scenario_of(
      "[[process]]\nname = \"p\"\ncount = 100000\nsteps = [ { fork = 100000, times = 1000000 } "
      "]\n");
  const Stage stage = stage_of_vm(CgroupVersion::v2);
  EXPECT_EQ(Plan::create(scenario, stage, 1).slots, 4096U);
}

}  // namespace
}  // namespace oomkit::guest
