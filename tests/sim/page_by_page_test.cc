// Runs of pages move as one where nothing can come between: a model that moves one page at a
// time comes to the same record and the same log, in the experiments and in random scenarios.
#include <cstdlib>
#include <string>
#include <vector>

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

void expect_same_on_all(const std::string& text) {
  const ParsedScenario parsed = parse_scenario(text);
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
  for (const std::string& kernel : simulated_kernels())
    expect_same(parsed.scenario, kernel);
}

// Who is killed is nice, and who asks keeps the processor until the oom_reaper has come: from then
// on both give the same memory back, in turns.
TEST(PageByPage, AnExitAndTheReaper) {
  expect_same_on_all(R"(schema = 1
name = "slow-exit"
[host]
memory = "768M"
[[process]]
name = "victim"
nice = 19
oom_score_adj = 900
steps = [{ alloc = "550M" }, { mark = "full" }]
[[process]]
name = "asks"
after = "full"
oom_score_adj = -900
steps = [{ alloc = "170M" }]
[end]
after = "6s"
)");
}

// A group dies as one: all of its members give their memory back at the same time.
TEST(PageByPage, AGroupGivesItsMemoryBack) {
  expect_same_on_all(R"(schema = 1
name = "group-exit"
[host]
memory = "1G"
[[cgroup]]
path = "/a"
set = { "memory.max" = "800M", "memory.oom.group" = "1" }
[[process]]
name = "holds"
count = 2
cgroup = "/a"
steps = [{ alloc = "250M" }]
[[process]]
name = "holds-nice"
nice = 7
cgroup = "/a"
steps = [{ alloc = "200M" }]
[[process]]
name = "grows"
cgroup = "/a"
start = "3s"
steps = [{ alloc = "200M" }]
[end]
after = "8s"
)");
}

TEST(PageByPage, TwoFillSideBySide) {
  expect_same_on_all(R"(schema = 1
name = "two-fills"
[host]
memory = "512M"
[[process]]
name = "even"
steps = [{ alloc = "150M" }, { touch = "100%", times = 5 }, { exit = 0 }]
[[process]]
name = "other"
nice = 3
steps = [{ alloc = "150M" }, { shm = "40M" }, { touch = "100%", times = 5 }, { exit = 0 }]
[end]
after = "6s"
)");
}

// A host with a few processes in nested groups with limits, that grow at random. One draw a
// statement: compilers differ in the order within an expression.
class ScenarioWriter {
 public:
  explicit ScenarioWriter(std::uint64_t seed) : random_(seed) {}

  std::string write() {
    text_ = "schema = 1\nname = \"random\"\n[host]\nmemory = \"256M\"\n";
    if (random_.chance(50)) write_swap();
    write_group("/a", 24, 160);
    write_group("/a/b", 8, 80);
    const std::int64_t processes = random_.between(2, 6);
    for (std::int64_t i = 0; i < processes; ++i)
      write_process(i);
    return text_ + "[end]\nafter = \"3s\"\n";
  }

 private:
  void add_size(std::int64_t low, std::int64_t high) {
    text_ += "\"" + std::to_string(random_.between(low, high)) + "M\"";
  }

  void write_swap() {
    text_ += "swap = ";
    add_size(8, 64);
    text_ += random_.chance(50) ? "\nswap_kind = \"zram\"\n" : "\nswap_kind = \"disk\"\n";
  }

  void write_group(const std::string& path, std::int64_t low, std::int64_t high) {
    text_ += "[[cgroup]]\npath = \"" + path + "\"\nset = { \"memory.max\" = ";
    add_size(low, high);
    text_ += random_.chance(30) ? ", \"memory.oom.group\" = \"1\" }\n" : " }\n";
  }

  void write_process(std::int64_t number) {
    text_ += "[[process]]\nname = \"p" + std::to_string(number) + "\"\ncgroup = \"";
    text_ += random_.chance(50) ? "/" : "/a/b";
    text_ += "\"\nnice = " + std::to_string(random_.pick({0, 5, 19}));
    text_ += "\noom_score_adj = " + std::to_string(random_.between(-500, 500)) + "\nsteps = [";
    const std::int64_t steps = random_.between(1, 4);
    for (std::int64_t step = 0; step < steps; ++step) {
      text_ += random_.chance(30) ? "{ shm = " : "{ alloc = ";
      add_size(1, 40);
      text_ += random_.chance(30) ? ", rate = \"64M\" }, " : " }, ";
      text_ += "{ sleep = \"" + std::to_string(random_.between(0, 60)) + "ms\" }, ";
    }
    text_ += "{ touch = \"50%\" }]\n";
  }

  Random random_;
  std::string text_;
};

TEST(PageByPage, RandomScenarios) {
  constexpr std::uint64_t kScenarios = 60;
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 1; seed <= kScenarios; ++seed)
    seeds.push_back(seed);
  seeds.push_back(211);  // A page table that had to be waited for, with swap.
  seeds.push_back(165);  // Who exits is swapped out meanwhile.
  for (const std::uint64_t seed : seeds) {
    const std::string text = ScenarioWriter(seed).write();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    const ParsedScenario parsed = parse_scenario(text);
    ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
    const std::vector<std::string> kernels = simulated_kernels();
    expect_same(parsed.scenario, kernels[seed % kernels.size()]);
  }
}

}  // namespace
}  // namespace oomkit
