// Runs of pages move as one where nothing can come between: a model that moves one page at a
// time comes to the same record and the same log, in the experiments and in random scenarios.
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "core/random.h"
#include "lab/experiment.h"
#include "lab/model_world.h"
#include "model/run_record_json.h"
#include "scenario/parse.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

void expect_same(const Scenario& scenario, const std::string& kernel) {
  SCOPED_TRACE(scenario.name + " on " + kernel);
  SimulationOptions options;
  options.kernel = kernel;
  const auto as_one = run_in_model(scenario, options);
  options.page_by_page = true;
  const auto by_page = run_in_model(scenario, options);
  ASSERT_EQ(as_one.has_value(), by_page.has_value());
  if (!as_one) return;
  EXPECT_EQ(to_json(as_one->rehearsal.record), to_json(by_page->rehearsal.record));
  EXPECT_EQ(as_one->rehearsal.kernel_log, by_page->rehearsal.kernel_log);
}

TEST(PageByPage, TheExperiments) {
  const std::vector<std::string> kernels = simulated_kernels();
  for (std::size_t i = 0; i < experiments().size(); ++i) {
    const Experiment& each = experiments()[i];
    // Each on one kernel; all kernels have their turn.
    const std::string& kernel = kernels[i % kernels.size()];
    if (applies_to(each, kernel)) expect_same(each.scenario, kernel);
  }
}

// A host with a few processes in nested groups with limits, that grow at random.
std::string random_scenario(Random& random) {
  const auto mib = [&](std::int64_t low, std::int64_t high) {
    return std::to_string(random.between(low, high)) + "M";
  };
  std::string text = "schema = 1\nname = \"random\"\n[host]\nmemory = \"256M\"\n";
  if (random.chance(50)) text += "swap = \"" + mib(8, 64) + "\"\nboot = [\"swapaccount=1\"]\n";
  text += "[[cgroup]]\npath = \"/a\"\nset = { \"memory.max\" = \"" + mib(24, 160) +
          "\", \"memory.oom.group\" = \"" + (random.chance(30) ? "1" : "0") +
          "\" }\n[[cgroup]]\npath = \"/a/b\"\nset = { \"memory.max\" = \"" + mib(8, 80) + "\" }\n";
  const std::int64_t processes = random.between(2, 6);
  for (std::int64_t i = 0; i < processes; ++i) {
    text += "[[process]]\nname = \"p" + std::to_string(i) + "\"\ncgroup = \"" +
            random.pick<const char*>({"/", "/a", "/a/b"}) +
            "\"\noom_score_adj = " + std::to_string(random.between(-500, 500)) + "\nsteps = [";
    const std::int64_t steps = random.between(1, 4);
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::string size = mib(1, 40);
      text += random.pick<const char*>({"{ alloc = \"", "{ shm = \"", "{ alloc = \""}) + size +
              "\"" + (random.chance(30) ? ", rate = \"64M\" }, " : " }, ") + "{ sleep = \"" +
              std::to_string(random.between(0, 60)) + "ms\" }, ";
    }
    text += "{ touch = \"50%\" }]\n";
  }
  return text + "[end]\nafter = \"3s\"\n";
}

TEST(PageByPage, RandomScenarios) {
  constexpr std::uint64_t kScenarios = 40;
  for (std::uint64_t seed = 1; seed <= kScenarios; ++seed) {
    Random random(seed);
    const std::string text = random_scenario(random);
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    const ParsedScenario parsed = parse_scenario(text);
    ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
    const std::vector<std::string> kernels = simulated_kernels();
    expect_same(parsed.scenario, kernels[seed % kernels.size()]);
  }
}

}  // namespace
}  // namespace oomkit
