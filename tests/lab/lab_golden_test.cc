// Stories of experiments, byte for byte, from records of real runs. OOMKIT_GOLDEN_UPDATE=1
// writes the files anew: read the difference before it is kept.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "lab/experiment_log.h"
#include "lab/experiment_story.h"
#include "model/run_record_json.h"
#include "render/lab_json.h"
#include "render/lab_markdown.h"
#include "render/lab_text.h"
#include "scenario/expectation.h"

namespace oomkit {
namespace {

constexpr const char* kFolder = OOMKIT_SOURCE_DIR "/tests/lab/";

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const Experiment& experiment_of(const std::string& name) {
  return *find_experiments(name).value().front();
}

// The record as it was stored, judged by the experiment as it is now.
RunRecord record_of(const std::string& name) {
  RunRecord record = parse_run_record(content_of(kFolder + ("data/" + name + ".json"))).value();
  judge(experiment_of(name).scenario, record);
  return record;
}

LabRun run_of(const std::string& name, const std::string& kernel, RunRecord record) {
  const Experiment& experiment = experiment_of(name);
  LabRun run;
  run.experiment = name;
  run.title = experiment.scenario.lab->title;
  run.topic = experiment.scenario.lab->topic;
  run.kernel = kernel;
  run.story = make_story(experiment, std::move(record));
  run.processor_ms = 4'200;
  return run;
}

std::string story_text(const std::string& name, std::size_t columns) {
  std::string out;
  const std::string log = content_of(kFolder + ("data/" + name + ".log"));
  append_lab_story({out, Paint(false), columns}, make_story(experiment_of(name), record_of(name)),
                   explain_kernel_log(log));
  return out;
}

// A run that holds, one that does not, and one that never was.
std::vector<LabRun> three_runs() {
  std::vector<LabRun> runs = {run_of("v2-limit", "6.1", record_of("v2-limit"))};
  RunRecord other = record_of("v2-limit");
  other.victims = {"counter"};
  judge(experiment_of("v2-limit").scenario, other);
  runs.push_back(run_of("v2-limit", "6.12", std::move(other)));
  LabRun none = run_of("v2-limit", "7.2", {});
  none.story.reset();
  none.processor_ms.reset();
  none.problem = "the kernel module is not there";
  runs.push_back(std::move(none));
  return runs;
}

std::string runs_text() {
  std::string out;
  append_lab_runs({out, Paint(false), 100}, three_runs());
  return out;
}

std::string strategies_text() {
  std::vector<LabRun> runs;
  const auto strategies = find_experiments("avoidance");
  for (const Experiment* each : *strategies) {
    RunRecord record;
    record.victims = {"leaky"};
    record.survivors = {"precious", "editor"};
    record.host.psi = RunPsi{2'000'000, 1'250'000};
    runs.push_back(run_of(std::string(each->name), "6.1", std::move(record)));
  }
  std::string out;
  append_lab_strategies({out, Paint(false), 100}, runs);
  return out;
}

struct GoldenCase {
  const char* name;
  const char* file;
  std::function<std::string()> text;
};

void PrintTo(const GoldenCase& c, std::ostream* out) {
  *out << c.file;
}

class LabGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(LabGolden, IsAsItWas) {
  const std::string path = kFolder + (std::string("expected/") + GetParam().file);
  const std::string actual = GetParam().text();
  if (std::getenv("OOMKIT_GOLDEN_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    GTEST_SKIP() << "wrote " << GetParam().file;
  }
  const std::string expected = content_of(path);
  ASSERT_FALSE(expected.empty()) << path << " is missing: run with OOMKIT_GOLDEN_UPDATE=1";
  EXPECT_EQ(actual, expected);
}

const LabKernel kKernels[] = {{"6.1", "6.1.0-50-cloud-amd64"},
                              {"6.12", "6.12.100+deb13-cloud-amd64"},
                              {"7.2", "7.2.13-cloud-amd64"}};

INSTANTIATE_TEST_SUITE_P(
    Lab, LabGolden,
    testing::Values(
        GoldenCase{"Story", "v2-limit.txt", [] { return story_text("v2-limit", 100); }},
        GoldenCase{"Story80", "v2-limit-80.txt", [] { return story_text("v2-limit", 80); }},
        GoldenCase{"StoryOfStalls", "v1-oom-control.txt",
                   [] { return story_text("v1-oom-control", 100); }},
        GoldenCase{"Runs", "runs.txt", runs_text},
        GoldenCase{"Strategies", "strategies.txt", strategies_text},
        GoldenCase{"Markdown", "runs.md",
                   [] {
                     return lab_markdown({std::begin(kKernels), std::end(kKernels)}, three_runs());
                   }},
        GoldenCase{"Json", "runs.json", [] { return lab_runs_json(three_runs()); }}),
    [](const auto& test) { return test.param.name; });

TEST(LabStory, TheStoredRunsHoldTheirExpectations) {
  for (const char* name : {"v2-limit", "v1-oom-control"}) {
    const RunRecord record = record_of(name);
    ASSERT_TRUE(record.expect.has_value());
    EXPECT_TRUE(record.expect->holds) << name << ": " << record.expect->differences.front();
  }
}

TEST(LabStory, OfARecordWithNothingInItClaimsNothing) {
  for (const Experiment& each : experiments()) {
    RunRecord record;
    judge(each.scenario, record);
    const LabStory story = make_story(each, record);
    EXPECT_FALSE(story.record.expect->holds) << each.name;
    std::string out;
    append_lab_story({out, Paint(true), 80}, story, {});
    EXPECT_NE(out.find("not all of it holds"), std::string::npos) << each.name;
  }
}

}  // namespace
}  // namespace oomkit
