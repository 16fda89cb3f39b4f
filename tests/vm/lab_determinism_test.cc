// One scenario and one seed have the same victims in every run: nothing in them hangs on how
// fast the machine happens to be. OOMKIT_RUNS says how many runs are compared.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/kernel_image.h"
#include "model/run_record_json.h"
#include "tests/cli/run_program.h"
#include "vm_testing.h"

namespace oomkit {
namespace {

constexpr const char* kExperiment = "v2-limit";  // Two that grow in turn, one that watches.

int runs_wanted() {
  const char* text = std::getenv("OOMKIT_RUNS");
  return text == nullptr ? 4 : std::clamp(std::atoi(text), 2, 1000);
}

// Not with KVM, whose kernels find out the rate of the clock themselves.
bool has_counted_clock(const std::string& log) {
  return log.find(" tsc_early_khz=") != std::string::npos;
}

class LabDeterminism : public testing::TestWithParam<std::string> {};

TEST_P(LabDeterminism, TheVictimsAreTheSameInEveryRun) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const auto fetched = fetched_kernels();
  if (std::find(fetched.begin(), fetched.end(), GetParam()) == fetched.end())
    GTEST_SKIP() << "kernel " << GetParam() << " is not fetched (./dev kernels)";
  const ScratchFolder scratch;
  std::vector<std::string> victims;
  std::vector<std::string> survivors;
  std::string first_log;
  for (int i = 0; i < runs_wanted(); ++i) {
    const Ran ran = run_oom({"lab", "run", kExperiment, "--kernel", GetParam(), "--seed", "7",
                             "--table", "--record", scratch.path("records")});
    ASSERT_EQ(ran.exit_status, 0) << "run " << i + 1 << ": " << ran.out << ran.err;
    const auto record = parse_run_record(
        scratch.read("records/" + std::string(kExperiment) + "." + GetParam() + ".json"));
    ASSERT_TRUE(record.has_value()) << record.error().what;
    EXPECT_EQ(record->seed, 7U);
    const std::string log =
        scratch.read("records/" + std::string(kExperiment) + "." + GetParam() + ".log");
    ASSERT_FALSE(log.empty());
    if (i == 0) {
      first_log = log;
      victims = record->victims;
      survivors = record->survivors;
      EXPECT_EQ(victims.size(), 1U);
    }
    EXPECT_EQ(record->victims, victims) << "run " << i + 1;
    EXPECT_EQ(record->survivors, survivors) << "run " << i + 1;
    // A counted clock makes the run itself the same, to the last time stamp and address.
    if (has_counted_clock(log)) {
      EXPECT_EQ(log, first_log) << "run " << i + 1;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, LabDeterminism, testing::Values("5.10", "6.1", "6.12", "7.2"),
                         [](const auto& test) {
                           std::string name = "Linux" + test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace oomkit
