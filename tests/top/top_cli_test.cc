// `oom top --once` and `oom snapshot` as a user runs them, on a captured host and on this one.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;

const std::string kHost = OOMKIT_SOURCE_DIR "/tests/top/data/web-17";

class TopCli : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-top-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(TopCli, JsonHasWhatTheContractSays) {
  const Ran ran = run_oom({"top", "--once", "--root", kHost, "--format", "json", "-n", "5"});
  ASSERT_EQ(ran.exit_status, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["schema"], "oomkit.top/1");
  EXPECT_EQ(json["kernel"], "6.12.107");
  EXPECT_TRUE(json["host"].is_object());
  const auto& host = json["scopes"][0];
  EXPECT_EQ(host["scope"], "host");
  EXPECT_TRUE(host["growth_bytes_per_s"].is_null());
  EXPECT_EQ(host["would_kill"], (std::vector<int>{4410, 4411}));
  const auto& first = host["tasks"][0];
  for (const char* name :
       {"rank", "pid", "comm", "points", "score", "kernel_score", "oom_score_adj", "rss_bytes",
        "swap_bytes", "pgtables_bytes", "cgroup", "unkillable"})
    EXPECT_TRUE(first.contains(name)) << name;
  EXPECT_EQ(first["score"], first["kernel_score"]);
}

TEST_F(TopCli, VerifyFailsWhereAScoreIsAnother) {
  EXPECT_EQ(run_oom({"top", "--once", "--root", kHost, "--verify"}).exit_status, 0);
  fs::copy(kHost, folder_ / "host", fs::copy_options::recursive);
  const std::string root = (folder_ / "host").string();
  std::ofstream(folder_ / "host/proc/2211/oom_score") << "907\n";
  EXPECT_EQ(run_oom({"top", "--once", "--root", root, "--verify"}).exit_status, 0)
      << "1 is allowed";
  std::ofstream(folder_ / "host/proc/2211/oom_score") << "906\n";
  const Ran ran = run_oom({"top", "--once", "--root", root, "--verify"});
  EXPECT_EQ(ran.exit_status, 1);
  EXPECT_NE(ran.out.find("mysqld (2211): ours 908, the kernel's 906"), std::string::npos)
      << ran.out;
}

TEST_F(TopCli, ASnapshotSaysTheSameAsTheHost) {
  const std::string file = (folder_ / "now.json").string();
  ASSERT_EQ(run_oom({"snapshot", "--root", kHost, "-o", file}).exit_status, 0);
  const Ran kept = run_oom({"top", "--once", "--from", file});
  const Ran live = run_oom({"top", "--once", "--root", kHost});
  EXPECT_EQ(kept.exit_status, 0) << kept.err;
  EXPECT_EQ(kept.out, live.out);
  const Ran shared = run_oom({"snapshot", "--from", file, "--anonymize"});
  EXPECT_EQ(shared.out.find("web-17"), std::string::npos);
  EXPECT_EQ(shared.out.find("mariadb"), std::string::npos);
}

TEST_F(TopCli, RefusalsSayWhatWouldBeRight) {
  const auto refused = [](const std::vector<std::string>& arguments, const char* word) {
    const Ran ran = run_oom(arguments);
    EXPECT_EQ(ran.exit_status, 2) << ran.err;
    EXPECT_NE(ran.err.find(word), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
  };
  refused({"top"}, "--once");
  refused({"top", "--once", "--format", "jsno"}, "json");
  refused({"top", "--once", "-n", "0"}, "-n");
  refused({"top", "--once", "--interval", "-1"}, "--interval");
  refused({"top", "--once", "--root", kHost, "--scope", "/nowhere"}, "--scope all");
  refused({"top", "--once", "--root", kHost, "--scope", "/init.scope"}, "--scope host");
  refused({"top", "--once", "--root", kHost, "--from", "x"}, "--from");
  refused({"top", "--once", "--from", (folder_ / "absent").string()}, "absent");
  refused({"top", "--once", "--root", folder_.string()}, "proc");
  std::ofstream(folder_ / "bad.json") << "{\"schema\": \"oomkit.snapshot/1\", \"host\": 7}";
  refused({"top", "--once", "--from", (folder_ / "bad.json").string()},
          "\"host\": expected a text");
}

// Processes of many sizes and scores, as far as everybody may raise them, that end with this.
class ManySleepers {
 public:
  explicit ManySleepers(int count) {
    for (int i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) be_one(i);
      if (pid > 0) pids_.push_back(pid);
    }
  }
  ~ManySleepers() {
    for (const pid_t pid : pids_)
      ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_)
      ::waitpid(pid, nullptr, 0);
  }
  ManySleepers(const ManySleepers&) = delete;
  ManySleepers& operator=(const ManySleepers&) = delete;

 private:
  [[noreturn]] static void be_one(int number) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::ofstream("/proc/self/oom_score_adj") << number * 7 % 1000 + 1 << std::flush;
    const std::size_t bytes = static_cast<std::size_t>(number % 40 + 1) << 14;
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
               (number % 3 == 0 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, bytes);
    while (true)
      ::pause();
  }

  std::vector<pid_t> pids_;
};

TEST_F(TopCli, ThisMachinesScoresAreItsKernels) {
  constexpr int kMany = 300;
  const ManySleepers sleepers(kMany);
  const Ran ran = run_oom({"top", "--once", "--verify", "--format", "json"});
  if (ran.exit_status == 3) GTEST_SKIP() << ran.err;
  ASSERT_LE(ran.exit_status, 1) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_GE(json["verify"]["compared"], kMany);
  EXPECT_EQ(json["verify"]["beyond_one"], 0) << json["verify"].dump(1);
}

}  // namespace
}  // namespace oomkit
