// What the kernel's own tests of memory cgroups expect holds in the model, on every version.
#include "memcg_expectations.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "lab/model_world.h"
#include "scenario/parse.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

TEST(MemcgExpectations, HoldInTheModel) {
  const std::vector<std::string> files = memcg_expectations();
  ASSERT_GE(files.size(), 8U);
  for (const std::string& file : files) {
    const std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    const ParsedScenario parsed = parse_scenario(text.str());
    ASSERT_TRUE(parsed.diagnostics.empty()) << file << ": " << parsed.diagnostics.front().message;
    for (const std::string& kernel : simulated_kernels()) {
      SCOPED_TRACE(file + " on " + kernel);
      SimulationOptions options;
      options.kernel = kernel;
      const auto run = run_in_model(parsed.scenario, options);
      ASSERT_TRUE(run.has_value()) << run.error().what;
      const auto& expect = run->rehearsal.record.expect;
      ASSERT_TRUE(expect.has_value());
      for (const std::string& difference : expect->differences)
        ADD_FAILURE() << difference;
    }
  }
}

// Alone at its limit and not to be killed, a process faults again and again: the kernel reports
// each time that there is nobody to kill, and so it goes on to the end of the scenario.
TEST(MemcgExpectations, WhoCannotBeKilledTriesUntilTheEnd) {
  const ParsedScenario parsed = parse_scenario(R"(schema = 1
name = "alone"
[host]
memory = "256M"
[[cgroup]]
path = "/a"
set = { "memory.max" = "30M" }
[[process]]
name = "alone"
cgroup = "/a"
oom_score_adj = -1000
steps = [ { alloc = "35M" }, { mark = "never" } ]
[end]
after = "4s"
)");
  ASSERT_TRUE(parsed.diagnostics.empty());
  for (const std::string& kernel : simulated_kernels()) {
    SimulationOptions options;
    options.kernel = kernel;
    const auto run = run_in_model(parsed.scenario, options);
    ASSERT_TRUE(run.has_value()) << run.error().what;
    const RunRecord& record = run->rehearsal.record;
    EXPECT_EQ(record.ended, "time");
    EXPECT_EQ(record.survivors, std::vector<std::string>{"alone"});
    EXPECT_TRUE(record.victims.empty());
    // Four real kernels came to 339 to 589 reports.
    const NamedCounts& events = record.cgroups.front().events;
    const auto oom = std::find_if(events.begin(), events.end(),
                                  [](const auto& each) { return each.first == "oom"; });
    ASSERT_NE(oom, events.end());
    EXPECT_GT(oom->second, 200) << kernel;
    EXPECT_LT(oom->second, 1000) << kernel;
    for (const RunEvent& event : record.events)
      EXPECT_NE(event.value, "never");
  }
}

}  // namespace
}  // namespace oomkit
