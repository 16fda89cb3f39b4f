#include "scenario/sweep.h"

#include <gtest/gtest.h>

#include "scenario/parse.h"

namespace oomkit {
namespace {

constexpr const char* kSwept = R"(schema = 1
name = "two"
[host]
memory = "256M"
sysctl = { "vm.swappiness" = 60 }
[[cgroup]]
path = "/box"
set = { "memory.max" = "64M" }
[[process]]
name = "größe"  # A name of more bytes than characters.
cgroup = "/box"
steps = [{ alloc = "40M" }, { sleep = "1s" }]
[end]
after = "2s"
)";

std::optional<std::string> accept_all(const Scenario&) {
  return std::nullopt;
}

ParsedSweep sweep_of(const std::string& vary) {
  return parse_sweep("schema = 1\nscenario = \"two.toml\"\nkernel = \"6.1\"\n[[vary]]\n" + vary);
}

// The shown values of the first field in each run.
std::string first_values(const SweepPlan& plan) {
  std::string text;
  for (std::int64_t i = 0; i < count_runs(plan); ++i)
    text += (text.empty() ? "" : " ") + choose(plan, i).values.front().shown;
  return text;
}

TEST(Sweep, ReplacesTheTextOfItsFields) {
  for (const auto& [path, from, to] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"cgroup./box.set.memory.max", "\"64M\"", "\"48M\""},
           {"cgroup.1.set.memory.max", "\"64M\"", "\"48M\""},
           {"host.memory", "\"256M\"", "\"48M\""},
           {"host.sysctl.vm.swappiness", "= 60", "= \"48M\""},
           {"process.größe.steps.1.alloc", "\"40M\"", "\"48M\""},
           {"process.1.steps.2.sleep", "\"1s\"", "\"48M\""}}) {
    SCOPED_TRACE(path);
    ParsedSweep parsed = sweep_of("field = \"" + path + "\"\nvalues = [\"48M\"]\n");
    ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
    bind_sweep(parsed.plan, kSwept, accept_all);
    std::string wanted = kSwept;
    const std::size_t tail = from.starts_with('=') ? 2 : 0;
    wanted.replace(wanted.find(from) + tail, from.size() - tail, to.substr(tail));
    EXPECT_EQ(scenario_text(parsed.plan, kSwept, choose(parsed.plan, 0)), wanted);
  }
}

TEST(Sweep, HasListsAndRanges) {
  EXPECT_EQ(first_values(sweep_of("field = \"a\"\nvalues = [\"1M\", 5, true]\n").plan),
            "1M 5 true");
  EXPECT_EQ(
      first_values(sweep_of("field = \"a\"\nfrom = \"1M\"\nto = \"2M\"\nstep = \"512K\"\n").plan),
      "1M 1536K 2M");
  EXPECT_EQ(first_values(sweep_of("field = \"a\"\nfrom = -10\nto = 10\nsteps = 3\n").plan),
            "-10 0 10");
  EXPECT_EQ(
      first_values(
          sweep_of("field = \"a\"\nfrom = \"1s\"\nto = \"100s\"\nsteps = 3\nscale = \"log\"\n")
              .plan),
      "1s 10s 100s");
  EXPECT_EQ(
      first_values(sweep_of("field = \"a\"\nfrom = \"10%\"\nto = \"30%\"\nstep = \"10%\"\n").plan),
      "10% 20% 30%");
}

TEST(Sweep, CombinesAllAndRepeats) {
  ParsedSweep parsed =
      sweep_of("field = \"a\"\nvalues = [1, 2]\n[[vary]]\nfield = \"b\"\nvalues = [3, 4, 5]\n");
  parsed.plan.runs = 10;
  parsed.plan.kernels = {"5.10", "6.1"};
  EXPECT_EQ(count_runs(parsed.plan), 120);
  const SweepChoice choice = choose(parsed.plan, 75);
  EXPECT_EQ(choice.kernel, 1U);
  EXPECT_EQ(choice.values[0].shown, "1");
  EXPECT_EQ(choice.values[1].shown, "4");
  EXPECT_EQ(choice.seed, parsed.plan.seed + 75);
}

TEST(Sweep, DrawsWithinItsRangeAndTheSameAgain) {
  for (const char* draw : {"uniform", "log"}) {
    ParsedSweep parsed = sweep_of("field = \"a\"\nfrom = \"1M\"\nto = \"1G\"\ndraw = \"" +
                                  std::string(draw) + "\"\n");
    parsed.plan.runs = 400;
    std::int64_t below = 0;
    for (std::int64_t i = 0; i < 400; ++i) {
      const SweepValue value = choose(parsed.plan, i).values.front();
      ASSERT_TRUE(value.number.has_value()) << value.shown;
      EXPECT_GE(*value.number, 1 << 20) << value.shown;
      EXPECT_LE(*value.number, 1 << 30) << value.shown;
      EXPECT_EQ(value.toml, choose(parsed.plan, i).values.front().toml);
      below += *value.number < (32 << 20) ? 1 : 0;
    }
    // Half of a range of factors lies below 32M, of an even one a thirty-second.
    EXPECT_NEAR(static_cast<double>(below), draw[0] == 'l' ? 200 : 12.5, 45) << draw;
  }
}

TEST(Sweep, RefusesWhatMakesNoSense) {
  struct Refused {
    std::string vary, message;
    std::size_t line;
  };
  for (const Refused& one : std::vector<Refused>{
           {"values = [1]\n", "needs a field", 4},
           {"field = \"a\"\n", "neither values nor a range", 4},
           {"field = \"a\"\nvalues = []\n", "must be a list of values", 6},
           {"field = \"a\"\nvalues = [1.5]\n", "a value is", 6},
           {"field = \"a\"\nfrom = 1\nto = \"2M\"\nstep = 1\n", "not of one kind", 7},
           {"field = \"a\"\nfrom = 3\nto = 2\nstep = 1\n", "more than \"to\"", 6},
           {"field = \"a\"\nfrom = 1\nto = 2\n", "needs one of step, steps, draw", 4},
           {"field = \"a\"\nfrom = 1\nto = 2\nstep = 0\n", "a step is more than 0", 8},
           {"field = \"a\"\nfrom = 0\nto = 2\ndraw = \"log\"\n", "begins above 0", 6},
           {"field = \"a\"\nfrom = 0\nto = 2\ndraw = \"normal\"\n", "unknown \"normal\"", 8},
           {"field = \"a\"\nvalues = [1]\nvalue = 2\n", "unknown key", 7},
           {"field = \"a\"\nfrom = 1\nto = 900000\nstep = 1\n", "more than 100000", 8}}) {
    SCOPED_TRACE(one.vary);
    const ParsedSweep parsed = sweep_of(one.vary);
    ASSERT_FALSE(parsed.diagnostics.empty());
    EXPECT_NE(parsed.diagnostics.front().message.find(one.message), std::string::npos)
        << parsed.diagnostics.front().message;
    EXPECT_EQ(parsed.diagnostics.front().line, one.line);
  }
}

TEST(Sweep, RefusesAFieldThatIsNotThereAndAValueThatTheScenarioRefuses) {
  struct Refused {
    std::string vary, message, hint;
    std::size_t line, column;
  };
  for (const Refused& one : std::vector<Refused>{
           {"field = \"process.leak.steps.1.alloc\"\nvalues = [1]\n", "no \"leak.steps.1.alloc\"",
            "größe", 5, 9},
           {"field = \"process.1.steps.3.alloc\"\nvalues = [1]\n", "no \"3.alloc\"", "2", 5, 9},
           {"field = \"host\"\nvalues = [1]\n", "no single value", "name a key", 5, 9},
           {"field = \"host.memory.x\"\nvalues = [1]\n", "no \"x\"", "a value already", 5, 9},
           {"field = \"host.memory\"\nvalues = [\"1G\", \"1M\"]\n", "refuses 1M", "", 6, 17},
           {"field = \"host.memory\"\nfrom = \"1M\"\nto = \"1G\"\ndraw = \"log\"\n", "refuses 1M",
            "", 6, 8}}) {
    SCOPED_TRACE(one.vary);
    ParsedSweep parsed = sweep_of(one.vary);
    ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
    const std::vector<Diagnostic> refused = bind_sweep(parsed.plan, kSwept, accept_all);
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].message.find(one.message), std::string::npos) << refused[0].message;
    EXPECT_NE(refused[0].hint.find(one.hint), std::string::npos) << refused[0].hint;
    EXPECT_EQ(refused[0].line, one.line);
    EXPECT_EQ(refused[0].column, one.column);
  }
}

}  // namespace
}  // namespace oomkit
