#include "scenario/parse.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oomkit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTwoAllocators = R"(schema = 1
name = "two-allocators"
[host]
memory = "384M"
swap = "1G"
swap_kind = "zram"
cgroup = "v2"
sysctl = { "vm.overcommit_memory" = 0, "vm.swappiness" = 60 }
[[cgroup]]
path = "/oom_test"
set = { "memory.max" = "80M", "memory.oom.group" = "1" }
[[process]]
name = "alloc_memory_1"
cgroup = "/oom_test"
oom_score_adj = 100
steps = [ { alloc = "10M", times = 4, every = "1s" }, { mark = "one-full" } ]
[[event]]
after = "one-full"
write = { file = "/oom_test/memory.oom.group", value = "0" }
[end]
after = "30s"
when = "oom_kills >= 1"
[expect]
victims = ["alloc_memory_1"]
)";

// What is wrong with `source`, as a person sees it.
std::string complaints(const std::string& source) {
  std::string text;
  for (const Diagnostic& diagnostic : parse_scenario(source).diagnostics) {
    text += diagnostic_text(diagnostic, "s.toml", source);
  }
  return text;
}

std::string with(std::string rest) {
  return "schema = 1\nname = \"x\"\n" + rest;
}

TEST(Scenario, OfTheContractIsReadWhole) {
  const ParsedScenario parsed = parse_scenario(kTwoAllocators);
  ASSERT_THAT(complaints(kTwoAllocators), IsEmpty());
  const Scenario& scenario = parsed.scenario;
  EXPECT_EQ(scenario.name, "two-allocators");
  EXPECT_EQ(scenario.host.memory, Bytes(384 << 20));
  EXPECT_EQ(scenario.host.swap, Bytes(1 << 30));
  EXPECT_EQ(scenario.host.swap_kind, SwapKind::zram);
  ASSERT_EQ(scenario.cgroups.size(), 1U);
  EXPECT_EQ(scenario.cgroups[0].set.size(), 2U);
  ASSERT_EQ(scenario.processes.size(), 1U);
  const ProcessSpec& process = scenario.processes[0];
  EXPECT_EQ(process.oom_score_adj, 100);
  ASSERT_EQ(process.steps.size(), 2U);
  EXPECT_EQ(process.steps[0].kind, Step::Kind::alloc);
  EXPECT_EQ(process.steps[0].size, Bytes(10 << 20));
  EXPECT_EQ(process.steps[0].times, 4);
  EXPECT_EQ(process.steps[0].every, Milliseconds(1000));
  EXPECT_EQ(process.steps[1].kind, Step::Kind::mark);
  ASSERT_EQ(scenario.events.size(), 1U);
  EXPECT_EQ(scenario.events[0].value, "0");
  EXPECT_EQ(scenario.end.when, (EndCondition{"oom_kills", ">=", 1}));
  EXPECT_EQ(scenario.expect.victims, std::vector<std::string>{"alloc_memory_1"});
}

TEST(Scenario, AFileOfTheWrongCgroupVersionIsRefusedAtItsKey) {
  EXPECT_EQ(
      complaints(with("[[cgroup]]\npath = \"/box\"\nset = { \"memory.maximum\" = \"80M\" }\n")),
      "s.toml:5:9: unknown key \"memory.maximum\" in [[cgroup]] /box\n"
      "    5 | set = { \"memory.maximum\" = \"80M\" }\n"
      "      |         ^^^^^^^^^^^^^^^^ cgroup v2 has memory.max (limit) and memory.high "
      "(throttle)\n");
  EXPECT_THAT(complaints(with(
                  "[[cgroup]]\npath = \"/box\"\nset = { \"memory.limit_in_bytes\" = \"80M\" }\n")),
              HasSubstr("that is cgroup v1; v2 has memory.max"));
}

struct Refusal {
  const char* name;
  const char* source;
  const char* complaint;
};

class RefusedScenario : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedScenario, SaysWhereAndWhatWouldBeRight) {
  EXPECT_THAT(complaints(with(GetParam().source)), HasSubstr(GetParam().complaint));
}

constexpr Refusal kRefusals[] = {
    {"UnknownKey", "[host]\nmemroy = \"1G\"\n", "s.toml:4:1: unknown key \"memroy\" in [host]"},
    {"Meant", "[host]\nmemroy = \"1G\"\n", "did you mean \"memory\"?"},
    {"BadSize", "[host]\nmemory = \"80X\"\n", "expected one of K M G T P E at byte 2"},
    {"TooSmall", "[host]\nmemory = \"1M\"\n", "no kernel boots in less than 64M"},
    {"LongComm", "[[process]]\nname = \"sixteen_bytes_xx\"\n", "1 to 15 bytes"},
    {"UnknownStep", "[[process]]\nname = \"p\"\nsteps = [ { aloc = \"1M\" } ]\n",
     "does nothing known"},
    {"UnknownOption", "[[process]]\nname = \"p\"\nsteps = [ { alloc = \"1M\", tims = 3 } ]\n",
     "did you mean \"times\"?"},
    {"AdjOutOfRange", "[[process]]\nname = \"p\"\noom_score_adj = 1001\n",
     "expected -1000 to 1000"},
    {"NoSuchCgroup", "[[process]]\nname = \"p\"\ncgroup = \"/bx\"\n", "there is no cgroup \"/bx\""},
    {"NoSuchMark", "[[event]]\nafter = \"never\"\nsysrq = \"f\"\n", "there is no mark \"never\""},
    {"NoSuchProcess", "[[event]]\nat = \"1s\"\nsignal = { process = \"q\" }\n",
     "there is no process \"q\""},
    {"TwoActions", "[[event]]\nat = \"1s\"\nsysrq = \"f\"\nread = \"/proc/meminfo\"\n",
     "exactly one thing"},
    {"NoTime", "[[event]]\nsysrq = \"f\"\n", "needs a time"},
    {"BadCondition", "[end]\nwhen = \"oom_kills => 1\"\n", "as in \"oom_kills >= 1\""},
    {"OrphanCgroup", "[[cgroup]]\npath = \"/a/b\"\n", "there is no cgroup before it \"/a\""},
    {"DotDot", "[[cgroup]]\npath = \"/a/../b\"\n", "needs a path"},
    {"BadToml", "[host\n", "s.toml:3:"},
    {"BadShare", "[[process]]\nname = \"p\"\nsteps = [ { touch = \"110%\" } ]\n", "1% to 100%"},
    {"BadDuration", "[end]\nafter = \"5 parsecs\"\n", "the unit must be one of"},
};
INSTANTIATE_TEST_SUITE_P(Scenario, RefusedScenario, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Scenario, AllThatIsWrongIsSaidAtOnce) {
  EXPECT_EQ(parse_scenario(with("[host]\nmemory = 1\ncpuss = 2\n[end]\nafter = \"x\"\n"))
                .diagnostics.size(),
            3U);
}

TEST(Scenario, EveryPrefixAndEveryChangedByteIsRefusedOrRead) {
  const std::string source = kTwoAllocators;
  for (std::size_t length = 0; length <= source.size(); ++length) {
    for (const Diagnostic& diagnostic : parse_scenario(source.substr(0, length)).diagnostics) {
      EXPECT_FALSE(diagnostic_text(diagnostic, "s", source.substr(0, length)).empty());
    }
  }
  for (std::size_t at = 0; at < source.size(); ++at) {
    std::string changed = source;
    changed[at] = static_cast<char>(changed[at] ^ 0x15);
    parse_scenario(changed);
  }
}

}  // namespace
}  // namespace oomkit
