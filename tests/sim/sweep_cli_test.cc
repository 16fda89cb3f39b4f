// `oom simulate --sweep` as a command: the same bytes whoever runs them, what it says and refuses.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/cli/run_program.h"
#include "tests/sim/two.h"

namespace oomkit {
namespace {

constexpr const char* kSweep = R"(schema = 1
scenario = "two.toml"
kernel = "6.1"
[[vary]]
field = "process.asker.steps.1.alloc"
from = "8M"
to = "38M"
step = "2M"
)";

class SweepCli : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("oomkit_sweep_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    put("two.toml", kTwo);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

// 40M and 22M fit into the box, and 24M do not: the larger of the two dies.
TEST_F(SweepCli, TellsAtWhatValueItTips) {
  const Ran ran = run_oom({"simulate", "--sweep", put("s.toml", kSweep)});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  EXPECT_NE(ran.out.find("tips from nobody to large between 22M and 24M, true of 100.0 %"),
            std::string::npos)
      << ran.out;
}

// Of 256M, 60 % are gone before the box is full: with a guard that acts then, nobody reaches it.
TEST_F(SweepCli, EachRunHasAGuardOfItsOwn) {
  const std::string policy = put("early.toml",
                                 "schema = 1\nname = \"early\"\n[[rule]]\nname = \"early\"\n"
                                 "when = \"mem.available <= 73%\"\npick = \"process by age\"\n"
                                 "do = [\"kill\"]\n");
  const std::string sweep = put("s.toml", kSweep);
  const Ran one = run_oom(
      {"simulate", "--sweep", sweep, "--policy", policy, "--threads", "1", "--format", "csv"});
  EXPECT_EQ(one.exit_status, 0) << one.err;
  EXPECT_NE(one.out.find(",asker,"), std::string::npos) << one.out;
  EXPECT_EQ(one.out.find(",large,"), std::string::npos) << one.out;
  const Ran three = run_oom(
      {"simulate", "--sweep", sweep, "--policy", policy, "--threads", "3", "--format", "csv"});
  EXPECT_EQ(one.out, three.out);
}

TEST_F(SweepCli, IsTheSameWithAnyNumberOfThreads) {
  std::string drawn = kSweep;
  drawn.replace(drawn.find("step = \"2M\""), 11, "draw = \"log\"\n");
  const std::string sweep = put("s.toml", "runs = 30\n" + drawn);
  const Ran one = run_oom({"simulate", "--sweep", sweep, "--threads", "1", "--format", "csv"});
  EXPECT_EQ(one.exit_status, 0) << one.err;
  for (const char* format : {"csv", "json", "text"}) {
    const Ran few = run_oom({"simulate", "--sweep", sweep, "--threads", "1", "--format", format});
    const Ran many = run_oom({"simulate", "--sweep", sweep, "--threads", "5", "--format", format});
    EXPECT_EQ(few.out, many.out) << format;
  }
  const Ran other = run_oom({"simulate", "--sweep", sweep, "--seed", "9", "--format", "csv"});
  EXPECT_NE(one.out, other.out);
}

// Under one rank and under two what one program alone says.
TEST_F(SweepCli, IsTheSameWithAnyNumberOfRanks) {
  if (std::system("command -v mpirun >/dev/null") != 0) GTEST_SKIP() << "mpirun is not installed";
  const std::string sweep = put("s.toml", kSweep);
  const Ran alone = run_oom({"simulate", "--sweep", sweep, "--format", "csv"});
  EXPECT_EQ(alone.exit_status, 0) << alone.err;
  for (const char* ranks : {"1", "2"}) {
    const std::string out = path(std::string("ranks.") + ranks);
    // The library's own memory at its end is not ours to look at.
    const std::string command =
        "ASAN_OPTIONS=detect_leaks=0 mpirun --allow-run-as-root "
        "--oversubscribe -n " +
        std::string(ranks) + " " + OOM_PROGRAM + " simulate --sweep " + sweep + " --format csv > " +
        out;
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream file(out);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, alone.out) << ranks;
  }
}

TEST_F(SweepCli, ShowsTheScenarioOfARun) {
  const std::string sweep = put("s.toml", kSweep);
  const Ran shown = run_oom({"simulate", "--sweep", sweep, "--show-run", "15"});
  EXPECT_EQ(shown.exit_status, 0) << shown.err;
  const Ran alone = run_oom({"simulate", put("run.toml", shown.out), "--kernel", "6.1"});
  EXPECT_EQ(alone.exit_status, 0) << alone.err;
  EXPECT_NE(alone.out.find("killed"), std::string::npos);
  EXPECT_NE(alone.out.find("large"), std::string::npos) << alone.out;
  EXPECT_EQ(run_oom({"simulate", "--sweep", sweep, "--show-run", "16"}).exit_status, 2);
}

TEST_F(SweepCli, RefusesWithThePlace) {
  std::string text = kSweep;
  text.replace(text.find("asker"), 5, "askre");
  const Ran field = run_oom({"simulate", "--sweep", put("field.toml", text)});
  EXPECT_EQ(field.exit_status, 2);
  EXPECT_NE(field.err.find("field.toml:5:9:"), std::string::npos) << field.err;
  // What only the model can tell.
  const Ran value =
      run_oom({"simulate", "--sweep",
               put("value.toml",
                   "schema = 1\nscenario = \"two.toml\"\n[[vary]]\n"
                   "field = \"cgroup./box.set.memory.max\"\nvalues = [\"1M\", \"many\"]\n")});
  EXPECT_EQ(value.exit_status, 2);
  EXPECT_NE(value.err.find("value.toml:5:17:"), std::string::npos) << value.err;
  EXPECT_EQ(run_oom({"simulate", "--sweep", path("none.toml")}).exit_status, 2);
  EXPECT_EQ(run_oom({"simulate"}).exit_status, 2);
}

}  // namespace
}  // namespace oomkit
