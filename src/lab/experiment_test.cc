// The catalogue: complete, sound, and each experiment worth its place.
#include "lab/experiment.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "lab/experiment_texts.h"
#include "scenario/parse.h"

namespace oomkit {
namespace {

TEST(Experiments, AllFilesAreReadWithoutAComplaint) {
  for (const ExperimentText& each : experiment_texts()) {
    const ParsedScenario parsed = parse_scenario(each.text);
    for (const Diagnostic& diagnostic : parsed.diagnostics) {
      ADD_FAILURE() << diagnostic_text(diagnostic, std::string(each.name) + ".toml", each.text);
    }
    EXPECT_TRUE(parsed.scenario.lab.has_value()) << each.name << " has no [lab]";
    EXPECT_EQ(parsed.scenario.name, each.name);
  }
}

TEST(Experiments, EveryFileOfTheFolderIsInTheProgram) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(OOMKIT_SOURCE_DIR "/experiments")) {
    if (entry.path().extension() == ".toml") files.insert(entry.path().stem().string());
  }
  std::set<std::string> built;
  for (const ExperimentText& each : experiment_texts())
    built.insert(std::string(each.name));
  EXPECT_EQ(files, built);
}

TEST(Experiments, EachSaysWhatItShowsAndWhatMustHold) {
  for (const Experiment& each : experiments()) {
    SCOPED_TRACE(each.name);
    EXPECT_GT(each.scenario.description.size(), 80U);
    EXPECT_FALSE(each.scenario.lab->narration.empty());
    EXPECT_FALSE(each.scenario.expect.checks.empty());
  }
}

TEST(Experiments, ThoseOfVersionOneAreForKernelsThatHaveIt) {
  for (const Experiment& each : experiments()) {
    SCOPED_TRACE(each.name);
    const bool v1 = each.scenario.host.cgroup == CgroupVersion::v1;
    EXPECT_EQ(applies_to(each, "7.2.13-cloud-amd64"), !v1);
    EXPECT_TRUE(applies_to(each, "5.10.0-42-cloud-amd64"));
  }
}

TEST(Experiments, ANameIsOneAndAFamilyAreAllOfIt) {
  const auto one = find_experiments("thrash");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front()->name, "thrash");
  const auto family = find_experiments("avoidance");
  ASSERT_TRUE(family);
  EXPECT_EQ(family->size(), 5U);
  const auto none = find_experiments("trash");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().what.find("did you mean thrash?"), std::string::npos);
}

}  // namespace
}  // namespace oomkit
