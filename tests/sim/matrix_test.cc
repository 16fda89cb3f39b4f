// Every experiment on every kernel, in the model: what the experiment expects of real kernels
// holds, the kernel log says so when it is read as any other log is, and the same run is the
// same bytes.
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "lab/model_world.h"
#include "model/run_record_json.h"
#include "sim/simulate.h"

namespace oomkit {
namespace {

struct ModelCase {
  const Experiment* experiment = nullptr;
  std::string kernel;
};

void PrintTo(const ModelCase& one, std::ostream* out) {
  *out << one.experiment->name << " on " << one.kernel;
}

std::vector<ModelCase> model_cases() {
  std::vector<ModelCase> cases;
  for (const Experiment& each : experiments()) {
    for (const std::string& kernel : simulated_kernels()) {
      if (applies_to(each, kernel)) cases.push_back({&each, kernel});
    }
  }
  return cases;
}

class ModelMatrix : public testing::TestWithParam<ModelCase> {};

TEST_P(ModelMatrix, HoldsAsOnTheKernel) {
  const ModelCase& one = GetParam();
  const Scenario& scenario = one.experiment->scenario;
  EXPECT_TRUE(beyond_model(scenario, one.kernel).empty());
  SimulationOptions options;
  options.kernel = one.kernel;
  const auto run = run_in_model(scenario, options);
  ASSERT_TRUE(run.has_value()) << run.error().what;
  const RunRecord& record = run->rehearsal.record;
  EXPECT_EQ(record.world, "model");
  ASSERT_TRUE(record.expect.has_value());
  for (const std::string& difference : record.expect->differences)
    ADD_FAILURE() << difference;
  for (const std::string& warning : record.warnings)
    ADD_FAILURE() << warning;

  const auto again = run_in_model(scenario, options);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(again->rehearsal.record), to_json(record));
  EXPECT_EQ(again->rehearsal.kernel_log, run->rehearsal.kernel_log);
}

std::string matrix_test_name(const testing::TestParamInfo<ModelCase>& info) {
  std::string name = std::string(info.param.experiment->name) + "_" + info.param.kernel;
  for (char& c : name) {
    if (c == '-' || c == '.') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Experiments, ModelMatrix, testing::ValuesIn(model_cases()),
                         matrix_test_name);

}  // namespace
}  // namespace oomkit
