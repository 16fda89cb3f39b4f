// Events, listeners, checks and waits of the scenario language: what is read, and what is
// refused before anything is started.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/names.h"
#include "scenario/node_list.h"
#include "scenario/parse.h"
#include "scenario/signals.h"

namespace oomkit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWorld = R"(schema = 1
name = "x"
[[cgroup]]
path = "/box"
[[cgroup]]
path = "/box/v1.2"
[[process]]
name = "hog"
cgroup = "/box"
count = 3
steps = [ { alloc = "1M" }, { mark = "full" } ]
)";

ParsedScenario parse(const std::string& rest) {
  return parse_scenario(kWorld + rest);
}

std::string complaints(const std::string& rest) {
  std::string text;
  for (const Diagnostic& diagnostic : parse(rest).diagnostics)
    text += diagnostic_text(diagnostic, "s.toml", kWorld + rest);
  return text;
}

Check check_of(const std::string& text) {
  const ParsedScenario parsed = parse(R"([[event]]
at = "1s"
read = "/proc/meminfo"
name = "before"
[expect]
checks = [ ")" + text + "\" ]\n");
  EXPECT_THAT(parsed.diagnostics, IsEmpty()) << text;
  return parsed.diagnostics.empty() ? parsed.scenario.expect.checks.at(0) : Check{};
}

TEST(ScenarioEvents, ModulesReadsAndCapturesAreRead) {
  const ParsedScenario parsed = parse(R"([[event]]
at = "1s"
load_module = { file = "taker.ko", parameters = "order=2" }
[[event]]
after = "full"
read = "/proc/{hog.2}/status"
name = "second"
[[event]]
after = "hog exits"
capture = "after"
)");
  ASSERT_THAT(parsed.diagnostics, IsEmpty());
  const auto& events = parsed.scenario.events;
  EXPECT_EQ(events[0].kind, Action::Kind::load_module);
  EXPECT_EQ(events[0].parameters, "order=2");
  EXPECT_EQ(events[1].name, "second");
  EXPECT_EQ(events[2].after, "hog exits");
}

TEST(ScenarioEvents, ListenerKeepsWhatItDoesInOrder) {
  const ParsedScenario parsed = parse(R"([[listener]]
name = "watch"
file = "/box/memory.pressure"
arguments = "some 150000 1000000"
times = 2
then = [ { read = "/box/memory.events" }, { signal = { process = "hog.3", signal = "SIGKILL" } } ]
)");
  ASSERT_THAT(parsed.diagnostics, IsEmpty());
  const ListenerSpec& listener = parsed.scenario.listeners.at(0);
  EXPECT_EQ(listener.times, 2);
  ASSERT_EQ(listener.then.size(), 2U);
  EXPECT_EQ(listener.then[1].process, "hog.3");
}

TEST(ScenarioChecks, NumbersSizesAndWords) {
  EXPECT_EQ(check_of("killed_by_kernel == 2").number, 2);
  EXPECT_EQ(check_of("cgroup./box.max_usage <= 80M").number, 80 << 20);
  const Check state = check_of("process.hog.2.state == alive");
  EXPECT_EQ(state.subject, (CheckSubject{CheckSubject::Kind::process, "hog", 2, "state"}));
  EXPECT_EQ(state.word, "alive");
  EXPECT_EQ(state.number, std::nullopt);
}

TEST(ScenarioChecks, ANameWithDotsEndsWhereTheScenarioSaysSo) {
  EXPECT_EQ(check_of("cgroup./box/v1.2.events.oom_kill > 0").subject,
            (CheckSubject{CheckSubject::Kind::cgroup, "/box/v1.2", 1, "events.oom_kill"}));
}

TEST(ScenarioChecks, TheRightSideMayBeAnotherSubject) {
  const Check check = check_of("read.before.MemFree >= 0.5 * host.total - 4K");
  ASSERT_TRUE(check.other.has_value());
  EXPECT_EQ(check.other->member, "total");
  EXPECT_DOUBLE_EQ(check.factor, 0.5);
  EXPECT_EQ(check.offset, -4096);
}

TEST(ScenarioChecks, TheirPlaceIsKept) {
  const Check check = check_of("killed_by_kernel == 2");
  EXPECT_EQ(check.line, 17U);
  EXPECT_EQ(check.column, 12U);
}

struct Refusal {
  const char* name;
  const char* source;
  const char* complaint;
};

class RefusedLanguage : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedLanguage, BeforeAnythingIsStarted) {
  EXPECT_THAT(complaints(GetParam().source), HasSubstr(GetParam().complaint));
}

constexpr Refusal kRefusals[] = {
    {"BracesOfNobody", "[[event]]\nat = \"1s\"\nread = \"/proc/{hug}/status\"\n",
     "did you mean \"hog\"?"},
    {"OpenBrace", "[[event]]\nat = \"1s\"\nread = \"/proc/{hog/status\"\n", "braces do not match"},
    {"FileOfTheOtherVersion",
     "[[event]]\nat = \"1s\"\nwrite = { file = \"/box/memory.limit_in_bytes\", value = \"1\" }\n",
     "that is cgroup v1; v2 has memory.max"},
    {"FileNowhere", "[[event]]\nat = \"1s\"\nread = \"meminfo\"\n", "neither a file of a cgroup"},
    {"CgroupOfAnEvent", "[[event]]\nat = \"1s\"\nread = \"/bix/memory.events\"\n",
     "there is no cgroup \"/bix\""},
    {"UnknownSignal", "[[event]]\nat = \"1s\"\nsignal = { process = \"hog\", signal = \"EXIT\" }\n",
     "unknown signal \"EXIT\""},
    {"ModuleWithFolder", "[[event]]\nat = \"1s\"\nload_module = { file = \"/x/y.ko\" }\n",
     "needs the name of a module's file"},
    {"LabelWithDot", "[[event]]\nat = \"1s\"\ncapture = \"a.b\"\n", "is no label"},
    {"NothingToHear", "[[listener]]\nname = \"l\"\nfile = \"/box/memory.max\"\n",
     "the kernel notifies of nothing"},
    {"WindowTooShort",
     "[[listener]]\nname = \"l\"\nfile = \"/proc/pressure/memory\"\narguments = \"some 1 2\"\n",
     "a pressure trigger needs its arguments"},
    {"CheckWithoutOperator", "[expect]\nchecks = [\"killed_by_kernel 1\"]\n", "SUBJECT OP VALUE"},
    {"CheckOfNothing", "[expect]\nchecks = [\"foo.bar == 1\"]\n", "nothing that a record has"},
    {"CheckOfNobody", "[expect]\nchecks = [\"process.hug.rss > 1\"]\n", "there is no process"},
    {"CheckOfNoMember", "[expect]\nchecks = [\"process.hog.size > 1\"]\n", "a process has state"},
    {"CheckOfNoRead", "[expect]\nchecks = [\"read.x > 1\"]\n", "no read has the name"},
    {"WordsHaveNoOrder", "[expect]\nchecks = [\"process.hog.state > alive\"]\n", "is no number"},
    {"CheckPlace", "[expect]\nchecks = [ \"killed_by_kernel == 1\",\n  \"x\" ]\n", "s.toml:14:3"},
    {"OneWaitsForItself", "[[process]]\nname = \"p\"\nsteps = [ { wait = \"p exits\" } ]\n",
     "nobody sees its own end"},
    {"TwoWaitForEachOther",
     "[[process]]\nname = \"p\"\nsteps = [ { wait = \"b\" }, { mark = \"a\" } ]\n"
     "[[process]]\nname = \"q\"\nsteps = [ { wait = \"a\" }, { mark = \"b\" } ]\n",
     "q makes \"b\" only after it has waited for \"a\""},
    {"LoopThroughAnEvent",
     "[[process]]\nname = \"p\"\nsteps = [ { wait = \"go\" }, { mark = \"done\" } ]\n"
     "[[event]]\nafter = \"done\"\nmark = \"go\"\n",
     "[[event]] 1 makes \"go\" only after it has waited for \"done\""},
    {"MarkAfterTheEnd",
     "[[process]]\nname = \"p\"\nsteps = [ { exit = 0 }, { mark = \"a\" } ]\n"
     "[[process]]\nname = \"q\"\nsteps = [ { wait = \"a\" } ]\n",
     "p ends before it makes \"a\""},
    {"NodesOfNoMachine", "[[process]]\nname = \"p\"\nmems = \"1\"\n", "are no nodes of it"},
    {"PolicyOfNoKind", "[[process]]\nname = \"p\"\nmempolicy = \"prefer:0\"\n",
     "unknown memory policy"},
    {"MoreThanAnyNumber", "[[process]]\nname = \"p\"\nsteps = [ { alloc = \"4E\", times = 2 } ]\n",
     "more bytes than any number can say"},
    {"ShareOfASocket", "[[process]]\nname = \"p\"\nsteps = [ { sock = \"10%\" } ]\n",
     "takes a size, not a share"},
    {"NodesAndMemory", "[host]\nmemory = \"512M\"\nnodes = [\"256M\", \"128M\"]\n",
     "the nodes have 384.0 MiB together"},
    {"KernelTooLarge", "[host]\nmemory = \"64M\"\nkernel = \"6.12\"\n",
     "kernel 6.12 does not boot in less than 80M"},
};
INSTANTIATE_TEST_SUITE_P(Scenario, RefusedLanguage, testing::ValuesIn(kRefusals),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(ScenarioWaits, ALongChainIsNoLoop) {
  std::string source = kWorld;
  for (int i = 0; i < 2000; ++i) {
    const std::string number = std::to_string(i);
    source += "[[process]]\nname = \"p" + number + "\"\nsteps = [ ";
    if (i < 1999) source += "{ wait = \"m" + std::to_string(i + 1) + "\" }, ";
    source += "{ mark = \"m" + number + "\" } ]\n";
  }
  EXPECT_THAT(parse_scenario(source).diagnostics, IsEmpty());
}

TEST(ScenarioWaits, ACopyMaySeeTheEndOfAnother) {
  EXPECT_THAT(
      complaints("[[process]]\nname = \"p\"\ncount = 2\nsteps = [ { wait = \"p exits\" } ]\n"),
      IsEmpty());
}

TEST(ScenarioExpect, OtherKernelsMayExpectOtherThings) {
  const ParsedScenario parsed = parse(R"([expect]
victims = ["hog"]
oom_kills = 1
[[expect_on]]
kernel = ["5.10"]
victims = []
)");
  ASSERT_THAT(parsed.diagnostics, IsEmpty());
  EXPECT_EQ(expect_for(parsed.scenario, "6.1.0-50").victims->size(), 1U);
  EXPECT_EQ(expect_for(parsed.scenario, "5.10.0-32").victims->size(), 0U);
  EXPECT_EQ(expect_for(parsed.scenario, "5.10.0-32").oom_kills, 1);
}

TEST(ScenarioNames, KernelsAreComparedByComponent) {
  EXPECT_TRUE(is_kernel("6.1", "6.1.0-50-cloud-amd64"));
  EXPECT_TRUE(is_kernel("6.12", "6.12"));
  EXPECT_FALSE(is_kernel("6.1", "6.12.107"));
  EXPECT_FALSE(is_kernel("", "6.12"));
}

TEST(ScenarioNames, InstancesAndCommsThatLookLikeThem) {
  EXPECT_EQ(parse_instance("hog.2", {"hog"}), (InstanceName{"hog", 2}));
  EXPECT_EQ(parse_instance("hog.2", {"hog", "hog.2"}), (InstanceName{"hog.2", 1}));
  EXPECT_EQ(parse_instance("hog.0", {"hog"}), std::nullopt);
  EXPECT_EQ(parse_instance("hog.", {"hog"}), std::nullopt);
}

TEST(ScenarioNames, SignalsAndNodes) {
  EXPECT_EQ(signal_number("SIGKILL"), 9);
  EXPECT_EQ(signal_number("9"), std::nullopt);
  EXPECT_EQ(parse_node_mask("0,2-3"), 0b1101U);
  EXPECT_EQ(parse_node_mask(""), std::nullopt);
  EXPECT_EQ(parse_node_mask("3-1"), std::nullopt);
  EXPECT_EQ(parse_node_mask("64"), std::nullopt);
}

}  // namespace
}  // namespace oomkit
