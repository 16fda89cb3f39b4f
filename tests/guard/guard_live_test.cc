// `oom guard` as it is started by a user, on the machine that runs the test.
//
// A leak grows in a memory cgroup that the test has made, and the policy looks at that cgroup
// alone: nobody else on the machine can be chosen. Where the machine does not allow that, the
// tests skip by name.
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/cgroup_sensor.h"
#include "io/io_testing.h"
#include "io/own_cgroup.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string whole_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Condition>
bool comes_true(Condition condition, std::chrono::seconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

class GuardLive : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto place = find_cgroups("");
    if (!place) GTEST_SKIP() << "no memory cgroups are to be seen here";
    auto made = OwnCgroup::create(place->point, "oomkit-guard-");
    if (!made) GTEST_SKIP() << "no cgroup may be made here: " << made.error().what;
    cgroup_.emplace(std::move(*made));
    const bool is_v1 = place->files == CgroupFiles::v1;
    limit_file_ = is_v1 ? "memory.limit_in_bytes" : "memory.max";
    if (!set_cgroup_file(cgroup_->folder(), limit_file_, std::to_string(96 * kMiB)))
      GTEST_SKIP() << "no memory controller for a cgroup of ours";
  }
  void TearDown() override {
    end_guard();
    if (leak_ > 0) {
      ::kill(leak_, SIGKILL);
      ::waitpid(leak_, nullptr, 0);
    }
  }

  std::string policy(const std::string& name, const std::string& limit, const std::string& todo) {
    return files_.write(name, "schema = 1\n[[rule]]\nname = \"test\"\nscope = \"cgroup /" +
                                  cgroup_->name() + "\"\nwhen = \"cg.usage > " + limit +
                                  "\"\npick = \"process by rss\"\ndo = [" + todo + "]\n");
  }

  pid_t spawn(const std::vector<std::string>& words, const std::string& error_file) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> argv;
    for (const std::string& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    static_cast<void>(!std::freopen(error_file.c_str(), "w", stderr));
    ::execv(argv[0], argv.data());
    ::_exit(126);
  }
  std::vector<std::string> guard_words(const std::string& config) const {
    return {OOM_BINARY, "guard",
            "--config", config,
            "--record", files_.path("records"),
            "--lock",   files_.path("lock"),
            "--socket", files_.path("socket")};
  }
  void start_guard(std::vector<std::string> words) {
    guard_ = spawn(words, files_.path("said"));
    ASSERT_TRUE(comes_true([&] { return said().find("guarding by") != std::string::npos; },
                           std::chrono::seconds(20)))
        << said();
  }
  std::string said() const { return whole_file(files_.path("said")); }
  // Its exit status.
  int end_guard() {
    if (guard_ <= 0) return -1;
    ::kill(guard_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(guard_, -1), &status, 0);
    // Its helper ends after it; the folder shall not go while that cleans up.
    EXPECT_TRUE(comes_true([&] { return !std::filesystem::exists(files_.path("socket")); },
                           std::chrono::seconds(20)));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // In the cgroup, 40 MiB and then no more: far from the cgroup's limit.
  void start_leak() {
    leak_ = ::fork();
    if (leak_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (!move_into_cgroup(cgroup_->folder(), 0)) ::_exit(1);
      for (int pieces = 0; pieces < 40; ++pieces) {
        void* const piece =
            ::mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED) ::_exit(1);
        std::memset(piece, 'l', kMiB);
        ::usleep(10'000);
      }
      while (true)
        ::pause();
    }
  }
  // The signal that ended it; nothing while it lives.
  std::optional<int> leak_ended() {
    int status = 0;
    if (::waitpid(leak_, &status, WNOHANG) != leak_) return std::nullopt;
    leak_ = -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

  TemporaryDirectory files_;
  std::optional<OwnCgroup> cgroup_;
  std::string limit_file_;
  pid_t guard_ = -1;
  pid_t leak_ = -1;
};

TEST_F(GuardLive, KillsTheLeakBeforeItsLimitAndRecordsIt) {
  start_guard(guard_words(policy("policy.toml", "30M", "\"kill\", \"reap\"")));
  start_leak();
  const pid_t leak = leak_;
  std::optional<int> signal;
  ASSERT_TRUE(
      comes_true([&] { return (signal = leak_ended()).has_value(); }, std::chrono::seconds(20)))
      << said();
  EXPECT_EQ(*signal, SIGKILL);
  ASSERT_TRUE(comes_true([&] { return !whole_file(files_.path("records")).empty(); },
                         std::chrono::seconds(10)));
  const std::string record = whole_file(files_.path("records"));
  EXPECT_THAT(record, HasSubstr(R"("schema":"oomkit.decision/1")"));
  EXPECT_THAT(record, HasSubstr("\"pid\":" + std::to_string(leak) + ","));
  EXPECT_THAT(record, HasSubstr(R"({"do":"kill","result":"done")"));
  EXPECT_THAT(record, HasSubstr(R"("dry_run":false)"));
  EXPECT_EQ(end_guard(), 0);
}

// The same policy decides the same over a recording, by the same numbers; another one does not.
TEST_F(GuardLive, WhatItSawIsDecidedAgainAsItWas) {
  const std::string config = policy("policy.toml", "30M", "\"kill\", \"reap\"");
  const std::string recording = files_.path("seen.rec");
  auto words = guard_words(config);
  words.insert(words.end(), {"--recording", recording});
  start_guard(words);
  start_leak();
  const pid_t leak = leak_;
  ASSERT_TRUE(comes_true([&] { return leak_ended().has_value(); }, std::chrono::seconds(20)))
      << said();
  ASSERT_TRUE(
      comes_true([&] { return whole_file(recording).find("\"settled\"") != std::string::npos; },
                 std::chrono::seconds(10)));
  EXPECT_EQ(end_guard(), 0);

  const Ran same = run_oom({"guard", "replay", "--config", config, recording});
  EXPECT_EQ(same.exit_status, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("(" + std::to_string(leak) + ")"));
  EXPECT_THAT(same.out, HasSubstr("(as then)"));
  EXPECT_THAT(same.out, HasSubstr("1 decision then, 1 now"));
  const Ran data = run_oom({"guard", "replay", "--config", config, "--format", "json", recording});
  const std::string live = whole_file(files_.path("records"));
  const auto reasons = [](const std::string& record) {
    const std::size_t from = record.find("\"rule\":");
    return record.substr(from, record.find("\"actions\":") - from) +
           record.substr(record.find("\"candidates\":"));
  };
  EXPECT_EQ(reasons(data.out.substr(0, data.out.find('\n'))),
            reasons(live.substr(0, live.find('\n'))));
  EXPECT_THAT(data.out, HasSubstr(R"("agrees":true)"));

  const std::string other = policy("other.toml", "95M", "\"kill\"");
  const Ran different = run_oom({"guard", "replay", "--config", other, recording});
  EXPECT_EQ(different.exit_status, 1) << different.err;
  EXPECT_THAT(different.out,
              HasSubstr("then, and not now: rule test: process " + std::to_string(leak)));
}

TEST_F(GuardLive, ADryRunDecidesAndSignalsNobody) {
  auto words = guard_words(policy("policy.toml", "30M", "\"kill\", \"reap\""));
  words.push_back("--dry-run");
  start_guard(words);
  start_leak();
  ASSERT_TRUE(comes_true([&] { return !whole_file(files_.path("records")).empty(); },
                         std::chrono::seconds(20)))
      << said();
  EXPECT_THAT(whole_file(files_.path("records")), HasSubstr(R"("dry_run":true)"));
  EXPECT_FALSE(leak_ended().has_value());
}

TEST_F(GuardLive, ASecondOneIsRefusedAndTheFirstNamed) {
  const std::string config = policy("policy.toml", "90M", "\"kill\"");
  start_guard(guard_words(config));
  const pid_t second = spawn(guard_words(config), files_.path("second"));
  int status = 0;
  ASSERT_EQ(::waitpid(second, &status, 0), second);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_THAT(whole_file(files_.path("second")), HasSubstr("process " + std::to_string(guard_)));
}

TEST_F(GuardLive, ABadPolicyKeepsTheOldOneAndAGoodOneTakesItsPlace) {
  const std::string config = policy("policy.toml", "90M", "\"kill\"");
  start_guard(guard_words(config));
  files_.write("policy.toml", "schema = 1\n[[rule]]\nnonsense = 3\n");
  ::kill(guard_, SIGHUP);
  EXPECT_TRUE(comes_true([&] { return said().find("stays as it was") != std::string::npos; },
                         std::chrono::seconds(10)))
      << said();
  policy("policy.toml", "30M", "\"kill\"");
  ::kill(guard_, SIGHUP);
  EXPECT_TRUE(
      comes_true([&] { return said().find("goes on with what it knew") != std::string::npos; },
                 std::chrono::seconds(10)))
      << said();
  EXPECT_THAT(said(), HasSubstr("reads its policy again"));
  EXPECT_EQ(whole_file("/proc/" + std::to_string(guard_) + "/comm"), "oom-guard\n");
  start_leak();
  EXPECT_TRUE(comes_true([&] { return leak_ended().has_value(); }, std::chrono::seconds(20)))
      << said();
}

}  // namespace
}  // namespace oomkit
