// `oom lab` from outside: what it lists and shows, and what it refuses before anything runs.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "lab/experiment.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

using Json = nlohmann::json;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(LabCli, TheListHasEveryExperiment) {
  const Ran ran = run_oom({"lab", "list"});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  for (const Experiment& each : experiments())
    EXPECT_TRUE(has(ran.out, std::string(each.name))) << each.name;
}

TEST(LabCli, TheListForProgramsSaysWhatEachNeeds) {
  const Ran ran = run_oom({"lab", "list", "--format", "json"});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const Json list = Json::parse(ran.out);
  EXPECT_EQ(list["schema"], "oomkit.lab/1");
  ASSERT_EQ(list["experiments"].size(), experiments().size());
  for (const Json& each : list["experiments"]) {
    EXPECT_FALSE(each["title"].get<std::string>().empty());
    EXPECT_FALSE(each["topic"].get<std::string>().empty());
    EXPECT_TRUE(each["here"].is_boolean());
  }
}

TEST(LabCli, ShowTellsAndGivesTheScenarioAsItIs) {
  const Ran ran = run_oom({"lab", "show", "v2-high"});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, "cgroup v2"));
  EXPECT_TRUE(has(ran.out, std::string(find_experiments("v2-high")->front()->text)));
}

TEST(LabCli, AFamilyIsShownWhole) {
  const Ran ran = run_oom({"lab", "show", "panic"});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  for (const char* name : {"panic-0:", "panic-1:", "panic-2:"})
    EXPECT_TRUE(has(ran.out, name)) << name;
}

TEST(LabCli, AnUnknownNameIsRefusedWithTheNearest) {
  for (const char* verb : {"show", "run"}) {
    const Ran ran = run_oom({"lab", verb, "v2-lmit"});
    EXPECT_EQ(ran.exit_status, 2);
    EXPECT_TRUE(ran.out.empty());
    EXPECT_TRUE(has(ran.err, "did you mean v2-limit?")) << ran.err;
  }
}

TEST(LabCli, RunWantsNamesOrAll) {
  EXPECT_EQ(run_oom({"lab", "run"}).exit_status, 2);
  EXPECT_EQ(run_oom({"lab", "run", "--all", "thrash"}).exit_status, 2);
  EXPECT_EQ(run_oom({"lab"}).exit_status, 2);
}

TEST(LabCli, WordsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(run_oom({"lab", "run", "thrash", "--format", "xml"}).exit_status, 2);
  EXPECT_EQ(run_oom({"lab", "run", "thrash", "--world", "moon"}).exit_status, 2);
  const Ran both = run_oom({"lab", "run", "v1-limit", "--world", "here", "--kernel", "6.1"});
  EXPECT_EQ(both.exit_status, 2);
  EXPECT_TRUE(has(both.err, "--kernel is for --world vm")) << both.err;
}

TEST(LabCli, WithoutKernelsItSaysWhereTheyComeFrom) {
  const Ran ran = run_oom({"lab", "run", "thrash"},
                          {.environment = {{"OOMKIT_KERNELS", testing::TempDir() + "no-kernels"}}});
  EXPECT_EQ(ran.exit_status, 3);
  EXPECT_TRUE(ran.out.empty());
  EXPECT_TRUE(has(ran.err, "./dev kernels")) << ran.err;
}

}  // namespace
}  // namespace oomkit
