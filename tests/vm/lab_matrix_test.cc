// The experiments on one kernel (OOMKIT_MATRIX_KERNEL): the kernel does what we say it does. All of
// them with OOMKIT_MATRIX=whole; without it each is on one kernel, and all kernels have their turn.
//
// One ctest for each kernel, so that as many run side by side as there are processors. What
// does not hold is printed with what was found instead.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "lab/kernel_image.h"
#include "tests/cli/run_program.h"
#include "vm_testing.h"

namespace oomkit {
namespace {

std::string kernel_to_test() {
  const char* chosen = std::getenv("OOMKIT_MATRIX_KERNEL");
  return chosen == nullptr ? "6.1" : chosen;
}

// Places in experiments().
std::vector<std::size_t> experiments_to_run() {
  constexpr std::string_view kKernels[] = {"5.10", "6.1", "6.12", "7.2"};
  const bool is_whole = std::getenv("OOMKIT_MATRIX") != nullptr;
  const std::string kernel = kernel_to_test();
  std::vector<std::size_t> chosen;
  for (std::size_t place = 0; place < experiments().size(); ++place) {
    std::vector<std::string_view> possible;
    for (const std::string_view each : kKernels) {
      if (applies_to(experiments()[place], each)) possible.push_back(each);
    }
    if (is_whole || (!possible.empty() && possible[place % possible.size()] == kernel))
      chosen.push_back(place);
  }
  return chosen;
}

class LabMatrix : public testing::TestWithParam<std::size_t> {};

TEST_P(LabMatrix, Holds) {
  const Experiment& experiment = experiments()[GetParam()];
  const std::string kernel = kernel_to_test();
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const auto fetched = fetched_kernels();
  if (std::find(fetched.begin(), fetched.end(), kernel) == fetched.end())
    GTEST_SKIP() << "kernel " << kernel << " is not fetched (./dev kernels)";
  const auto image = find_kernel(kernel);
  ASSERT_TRUE(image.has_value()) << image.error().what;
  if (!applies_to(experiment, image->release))
    GTEST_SKIP() << experiment.name << " is for other kernels than " << image->release;
  const Ran ran =
      run_oom({"lab", "run", std::string(experiment.name), "--kernel", kernel, "--table"});
  if (ran.exit_status == 3) GTEST_SKIP() << ran.err;
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
}

std::string test_name(const testing::TestParamInfo<std::size_t>& info) {
  std::string name(experiments()[info.param].name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Experiments, LabMatrix, testing::ValuesIn(experiments_to_run()),
                         test_name);

}  // namespace
}  // namespace oomkit
