// What the kernel's own tests of memory cgroups expect holds on real kernels, in our words for it:
// the files that the model is held to (tests/sim/memcg).
#include "tests/sim/memcg_expectations.h"

#include <gtest/gtest.h>

#include "lab/kernel_image.h"
#include "tests/cli/run_program.h"
#include "vm_missing.h"

namespace oomkit {
namespace {

class MemcgOnKernel : public testing::TestWithParam<std::string> {};

TEST_P(MemcgOnKernel, Holds) {
  if (const std::string missing = missing_for_vms(); !missing.empty()) GTEST_SKIP() << missing;
  const auto kernels = fetched_kernels();
  if (std::find(kernels.begin(), kernels.end(), GetParam()) == kernels.end())
    GTEST_SKIP() << "kernel " << GetParam() << " is not fetched (./dev kernels)";
  std::vector<std::string> arguments = {"rehearse", "--kernel", GetParam(), "--explain", "none"};
  for (const std::string& file : memcg_expectations())
    arguments.push_back(file);
  const Ran ran = run_oom(arguments);
  if (ran.exit_status == 3) GTEST_SKIP() << ran.err;
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
}

std::string kernel_test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Kernels, MemcgOnKernel, testing::Values("6.1", "6.12", "7.2"),
                         kernel_test_name);

}  // namespace
}  // namespace oomkit
