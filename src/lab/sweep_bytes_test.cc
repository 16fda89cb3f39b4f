// Results of a sweep, from one rank to another.
#include <gtest/gtest.h>

#include "lab/sweep.h"

namespace oomkit {
namespace {

class SweepBytes : public ::testing::Test {
 protected:
  SweepBytes() {
    ParsedSweep parsed = parse_sweep(R"(schema = 1
scenario = "two.toml"
kernel = ["6.1", "7.2"]
seed = 70
[[vary]]
field = "host.memory"
values = ["256M", "512M"]
)");
    plan_ = std::move(parsed.plan);
    SweepRun killed = begin_run(plan_, 1);
    killed.outcome = "größe, b";
    killed.victims = {"größe", "b", "b"};
    killed.first_kill_ms = 0;
    killed.duration_ms = 2000;
    SweepRun refused = begin_run(plan_, 3);
    refused.outcome = "refused";
    refused.problem = "too small";
    runs_ = {killed, refused};
  }

  SweepPlan plan_;
  std::vector<SweepRun> runs_;
};

TEST_F(SweepBytes, ComeBackAsTheyWere) {
  EXPECT_EQ(unpack_runs(plan_, pack_runs(runs_)).value(), runs_);
  EXPECT_TRUE(unpack_runs(plan_, "").value().empty());
}

TEST_F(SweepBytes, WhatWasCutIsRefused) {
  const std::string whole = pack_runs(runs_);
  const std::size_t first = pack_runs({runs_.front()}).size();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    // Between two runs it ends as a result of fewer of them does.
    EXPECT_EQ(unpack_runs(plan_, whole.substr(0, size)).has_value(), size == first) << size;
  }
}

TEST_F(SweepBytes, ARunThatThePlanDoesNotHaveIsRefused) {
  runs_.back().index = count_runs(plan_);
  EXPECT_FALSE(unpack_runs(plan_, pack_runs(runs_)));
  EXPECT_FALSE(unpack_runs(plan_, std::string(8, '\xff'))) << "nor -1, at the very end";
}

}  // namespace
}  // namespace oomkit
