// Every experiment on one kernel (OOMKIT_MATRIX_KERNEL): the kernel does what we say it does.
//
// One ctest for each kernel, so that as many run side by side as there are processors. What
// does not hold is printed with what was found instead.
#include <algorithm>
#include <cstdlib>
#include <string>

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

INSTANTIATE_TEST_SUITE_P(Experiments, LabMatrix,
                         testing::Range(std::size_t{0}, experiments().size()), test_name);

}  // namespace
}  // namespace oomkit
