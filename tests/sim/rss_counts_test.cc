// What /proc/PID/status says of processes that have done this and that, as measured once on each
// kernel (VmRSS, in pages): what is counted, where, and when.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/model_world.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

constexpr const char* kBegin = R"(
schema = 1
name = "many"
[host]
memory = "256M"
cgroup = "v2"
[[cgroup]]
path = "/a"
set = { "memory.max" = "97M" }
)";

const std::map<char, std::string> kSteps = {{'z', R"({ sleep = "20ms" })"},
                                            {'t', R"({ touch = "20%" })"},
                                            {'w', R"({ write_file = "/dev/f", size = "1M" })"},
                                            {'a', R"({ alloc = "400K" })"},
                                            {'s', R"({ shm = "400K" })"}};

struct Measured {
  std::string steps, cgroup;
  std::int64_t on_5_10, on_6_1, on_6_12;  // Beside what a process has of PID 1's own.
};

// On 5.10 and 6.1 one more or less is seen by where a stack begins.
const std::vector<Measured> kMeasured = {
    {"z", "/", 8, 8, 186},       {"z", "/a", 8, 8, 202},      {"t", "/", 8, 8, 218},
    {"w", "/a", 8, 8, 202},      {"a", "/", 262, 261, 319},   {"s", "/a", 307, 261, 319},
    {"at", "/a", 262, 261, 319}, {"aw", "/", 319, 319, 319},  {"wa", "/a", 311, 310, 319},
    {"sa", "/", 360, 393, 419},  {"aa", "/a", 394, 393, 419}, {"tw", "/", 8, 8, 218},
};
constexpr std::size_t kCounted = 7;  // All of it is, on each kernel.

std::string scenario() {
  std::string text = kBegin;
  int number = 0;
  for (const Measured& row : kMeasured) {
    text += "[[process]]\nname = \"p" + std::to_string(number) + "\"\ncgroup = \"" + row.cgroup +
            "\"\nstart = \"" + std::to_string(100 + 20 * number) + "ms\"\nsteps = [";
    for (const char step : row.steps)
      text += kSteps.at(step) + ", ";
    text += "]\n";
    ++number;
  }
  return text + "[end]\nafter = \"3s\"\n";
}

void expect_measured(const std::string& kernel, std::int64_t Measured::*column) {
  const ParsedScenario parsed = parse_scenario(scenario());
  ASSERT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().message;
  SimulationOptions options;
  options.kernel = kernel;
  const auto run = run_in_model(parsed.scenario, options);
  ASSERT_TRUE(run.has_value());
  const auto& processes = run->rehearsal.record.processes;
  ASSERT_EQ(processes.size(), kMeasured.size());
  const auto pages = [&](std::size_t i) { return processes[i].rss->count() / 4096; };
  const std::int64_t own = pages(kCounted) - kMeasured[kCounted].*column;
  const std::int64_t apart = kernel == "6.12" ? 0 : 1;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    EXPECT_LE(std::abs(pages(i) - own - kMeasured[i].*column), apart)
        << kernel << ": " << kMeasured[i].steps << " in " << kMeasured[i].cgroup << " "
        << pages(i) - own;
  }
}

TEST(RssCounts, AsMeasured) {
  expect_measured("5.10", &Measured::on_5_10);
  expect_measured("6.1", &Measured::on_6_1);
  expect_measured("6.12", &Measured::on_6_12);
}

}  // namespace
}  // namespace oomkit
