// `oom simulate` as a command: what it prints, refuses, and exits with.
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/cli/run_program.h"
#include "tests/sim/two.h"

namespace oomkit {
namespace {

class SimulateCli : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("oomkit_simulate_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

TEST_F(SimulateCli, TellsWhoIsKilledAndWritesTheLog) {
  const std::string scenario = put("two.toml", kTwo);
  const Ran ran = run_oom({"simulate", scenario, "--kernel", "6.1", "--log", path("two.log"),
                           "--format", "json", "--output", path("two.json")});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  const std::string record = read("two.json");
  EXPECT_NE(record.find("\"world\":\"model\""), std::string::npos) << record;
  EXPECT_NE(record.find("\"victims\":[\"large\"]"), std::string::npos) << record;

  const Ran explained = run_oom({"explain", path("two.log"), "--summary"});
  EXPECT_EQ(explained.exit_status, 0) << explained.err;
  EXPECT_NE(explained.out.find("large"), std::string::npos) << explained.out;
}

TEST_F(SimulateCli, ComparesWithItself) {
  const std::string scenario = put("two.toml", kTwo);
  for (const char* name : {"a.json", "b.json"})
    run_oom({"simulate", scenario, "--kernel", "7.2", "--format", "json", "--output", path(name)});
  EXPECT_EQ(read("a.json"), read("b.json"));
  EXPECT_EQ(run_oom({"compare", path("a.json"), path("b.json")}).exit_status, 0);
}

TEST_F(SimulateCli, ExitsWith1WhenItIsNotAsExpected) {
  std::string text = kTwo;
  text.replace(text.find("[\"large\"]"), 9, "[\"asker\"]");
  const Ran ran = run_oom({"simulate", put("two.toml", text)});
  EXPECT_EQ(ran.exit_status, 1) << ran.err;
  EXPECT_NE(ran.out.find("expected asker, got large"), std::string::npos) << ran.out;
}

TEST_F(SimulateCli, RefusesWhatTheModelDoesNotKnowWithTheLine) {
  std::string text = kTwo;
  text += "[[event]]\nat = \"1s\"\nread = \"/proc/zoneinfo\"\nname = \"zones\"\n";
  const Ran ran = run_oom({"simulate", put("two.toml", text)});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_NE(ran.err.find("two.toml:21:"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("/proc/zoneinfo"), std::string::npos) << ran.err;
}

constexpr const char* kKillLargest = R"(schema = 1
name = "largest"
[[rule]]
name = "early"
when = "mem.available <= 60%"
pick = "process by rss"
do = ["kill"]
)";

TEST_F(SimulateCli, AGuardDecidesByItsPolicy) {
  std::string text = kTwo;
  text.replace(text.find("steps = [{ alloc = \"40M\""), 24, "steps = [{ alloc = \"120M\" ");
  text.replace(text.find("64M"), 3, "max");
  const std::string scenario = put("two.toml", text);
  const std::string policy = put("largest.toml", kKillLargest);
  std::filesystem::create_directories(path("d"));
  const Ran ran = run_oom({"simulate", scenario, "--policy", policy, "--kernel", "6.1", "--kernel",
                           "7.2", "--decisions", path("d/")});
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("guard: early"), std::string::npos) << ran.out;
  for (const char* name : {"d/two.6.1.jsonl", "d/two.7.2.jsonl"})
    EXPECT_EQ(read(name).rfind("{\"schema\":\"oomkit.decision/1\"", 0), 0U) << read(name);
}

TEST_F(SimulateCli, DecisionsAreOfAPolicyAndPoliciesArePolicies) {
  const std::string scenario = put("two.toml", kTwo);
  EXPECT_EQ(run_oom({"simulate", scenario, "--decisions", path("d.jsonl")}).exit_status, 2);
  std::string wrong = kKillLargest;
  wrong.replace(wrong.find("mem.available"), 13, "mem.anything");
  const Ran ran = run_oom({"simulate", scenario, "--policy", put("wrong.toml", wrong)});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_NE(ran.err.find("wrong.toml:5:"), std::string::npos) << ran.err;
}

TEST_F(SimulateCli, KnowsItsKernels) {
  const Ran ran = run_oom({"simulate", put("two.toml", kTwo), "--kernel", "4.4"});
  EXPECT_EQ(ran.exit_status, 2);
  EXPECT_NE(ran.err.find("5.10, 6.1, 6.12, 7.2"), std::string::npos) << ran.err;
}

TEST_F(SimulateCli, TracesTheKernelsPath) {
  const Ran ran = run_oom({"simulate", put("two.toml", kTwo), "--kernel", "6.1", "--trace"});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_NE(ran.out.find("out_of_memory: asked by asker"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace oomkit
