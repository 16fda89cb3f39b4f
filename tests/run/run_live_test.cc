// `oom run` as a user runs it: the kernel of this machine kills, signals come, processes fork
// away; the status is right and nothing is left.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/limited_cgroup.h"
#include "io/byte_source.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Why nothing can run here, "" if something can.
std::string missing_here() {
  auto guardian = Guardian::start();
  if (!guardian) return guardian.error().what;
  CommandLimits limits;
  limits.memory = Bytes(64 << 20);
  const auto cgroup = LimitedCgroup::create(limits, *guardian);
  return cgroup ? "" : cgroup.error().what;
}

#define SKIP_WITHOUT_CGROUPS() \
  if (const std::string missing = missing_here(); !missing.empty()) GTEST_SKIP() << missing

// Cgroups of that `oom run` in any hierarchy.
std::vector<std::string> cgroups_of(pid_t pid) {
  std::vector<std::string> found;
  const std::string prefix = "oomkit-run-" + std::to_string(pid) + "-";
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto at = fs::recursive_directory_iterator("/sys/fs/cgroup", options, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().filename().string().rfind(prefix, 0) == 0) found.push_back(at->path().string());
  }
  return found;
}

bool becomes_true(const std::function<bool()>& condition) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (condition()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

// Alive, and no zombie that its new parent has yet to take leave of.
bool is_alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t end = text.rfind(')');
  return end != std::string::npos && text.size() > end + 2 && text[end + 2] != 'Z';
}

class RunLive : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "oomkit-run-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    ::chmod(name.c_str(), 0777);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string text_of(const char* name) const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // `oom run` with that script as its command, in the background. The script says its own and
  // its children's pids in the file "pids", the last one being followed by "ready".
  pid_t start(const std::vector<std::string>& options, const std::string& script) const {
    std::vector<std::string> words = {OOM_PROGRAM, "run"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", "sh", "-c", "cd " + folder_.string() + "; " + script});
    std::vector<char*> argv;
    for (std::string& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    const std::string err = (folder_ / "err").string();
    if (std::freopen(err.c_str(), "w", stderr) == nullptr) ::_exit(125);
    ::execv(OOM_PROGRAM, argv.data());
    ::_exit(125);
  }

  std::vector<pid_t> wait_until_ready() const {
    EXPECT_TRUE(becomes_true([&] { return text_of("pids").find("ready") != std::string::npos; }))
        << text_of("err");
    std::vector<pid_t> pids;
    std::ifstream file(folder_ / "pids");
    for (pid_t pid = 0; file >> pid;)
      pids.push_back(pid);
    return pids;
  }

  static int status_of(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  void expect_nothing_left(pid_t oom, const std::vector<pid_t>& pids) const {
    EXPECT_TRUE(becomes_true([&] { return cgroups_of(oom).empty(); })) << cgroups_of(oom).front();
    for (const pid_t pid : pids)
      EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); })) << pid << " is still there";
  }

  fs::path folder_;
};

// One that ignores what can be ignored, one that forked away into a session of its own.
constexpr const char* kStubborn =
    "trap '' TERM INT HUP; setsid sh -c 'trap \"\" TERM; echo $$ >>pids; while :; do sleep 1; "
    "done' & while [ ! -s pids ]; do sleep 0.01; done; echo $$ ready >>pids; "
    "while :; do sleep 1; done";

TEST_F(RunLive, AHogIsKilledAndItsEndExplained) {
  SKIP_WITHOUT_CGROUPS();
  const Ran ran =
      run_oom({"run", "--memory", "40M", "--swap", "0", "--stats", "--", RUN_HOG, "200"});
  EXPECT_EQ(ran.exit_status, 137) << ran.err;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("memory peak       40.0 MiB of 40.0 MiB"));
  EXPECT_THAT(ran.err, HasSubstr("once (oom_kill)"));
  if (!open_kmsg_from_now("/dev/kmsg")) {
    EXPECT_THAT(ran.err, HasSubstr("the kernel killed in its cgroup"));
    return;
  }
  EXPECT_THAT(ran.err, HasSubstr("run_hog (pid "));
  EXPECT_THAT(ran.err, HasSubstr("was killed by the kernel"));
  EXPECT_THAT(ran.err, HasSubstr("Where the 40.0 MiB went"));
  EXPECT_THAT(ran.err, HasSubstr("raise --memory of oom run from 40.0 MiB"));
}

TEST_F(RunLive, AKillInsideIsExplainedAlsoWhereTheCommandGoesOn) {
  SKIP_WITHOUT_CGROUPS();
  const std::string file = (folder_ / "run.json").string();
  const Ran ran = run_oom({"run", "--memory", "40M", "--swap", "0", "--format", "json", "--output",
                           file, "--", "sh", "-c", RUN_HOG " 200; " RUN_HOG " 5; exit 7"});
  EXPECT_EQ(ran.exit_status, 7) << ran.err;
  EXPECT_EQ(ran.out, "took it all\n");
  const auto json = nlohmann::json::parse(std::ifstream(file));
  EXPECT_EQ(json["schema"], "oomkit.command/1");
  EXPECT_EQ(json["exit_status"], 7);
  EXPECT_EQ(json["oom_kills"], 1);
  EXPECT_EQ(json["limits"]["memory_bytes"], 40 << 20);
  EXPECT_EQ(json["usage"]["memory_peak_bytes"], 40 << 20);
  EXPECT_EQ(json["removed"], true);
  if (json["explained"].is_object()) {
    EXPECT_EQ(json["explained"]["reports"][0]["victims"][0]["comm"], "run_hog");
  }
}

TEST_F(RunLive, OfSeveralKillsEachHasALineAndTheFirstIsExplained) {
  SKIP_WITHOUT_CGROUPS();
  if (!open_kmsg_from_now("/dev/kmsg")) GTEST_SKIP() << "the kernel's log cannot be read here";
  const Ran ran = run_oom({"run", "--memory", "40M", "--swap", "0", "--", "sh", "-c",
                           RUN_HOG " 200; " RUN_HOG " 190; exit 0"});
  EXPECT_EQ(ran.exit_status, 0);
  EXPECT_THAT(ran.err, HasSubstr("The first of them:"));
  EXPECT_THAT(ran.err, HasSubstr("Where the 40.0 MiB went"));
}

TEST_F(RunLive, WhatFitsRunsAsIfNothingWereThere) {
  SKIP_WITHOUT_CGROUPS();
  RunOptions options;
  options.input = "from a pipe\n";
  const Ran ran = run_oom({"run", "--memory", "64M", "--score", "321", "--", "sh", "-c",
                           "cat; cat /proc/self/oom_score_adj; echo apart >&2; exit 42"},
                          options);
  EXPECT_EQ(ran.exit_status, 42);
  EXPECT_EQ(ran.out, "from a pipe\n321\n");
  EXPECT_EQ(ran.err, "apart\n");
}

TEST_F(RunLive, StatusIsThatOfAShell) {
  SKIP_WITHOUT_CGROUPS();
  EXPECT_EQ(run_oom({"run", "--", "sh", "-c", "kill -SEGV $$"}).exit_status, 139);
  const Ran absent = run_oom({"run", "--", "no-such-command-at-all"});
  EXPECT_EQ(absent.exit_status, 127);
  EXPECT_THAT(absent.err, HasSubstr("no-such-command-at-all"));
  EXPECT_EQ(run_oom({"run", "--", "/etc/passwd"}).exit_status, 126);
}

TEST_F(RunLive, WhatIsLeftBehindIsKilledAndTold) {
  SKIP_WITHOUT_CGROUPS();
  const pid_t oom = start({},
                          "setsid sh -c 'trap \"\" TERM HUP; echo $$ >>pids; while :; do "
                          "sleep 1; done' & while [ ! -s pids ]; do sleep 0.01; done; "
                          "echo ready >>pids; exit 5");
  const std::vector<pid_t> pids = wait_until_ready();
  EXPECT_EQ(pids.size(), 1U);
  EXPECT_EQ(status_of(oom), 5);
  EXPECT_THAT(cgroups_of(oom), IsEmpty()) << "gone before it ends, not after";
  expect_nothing_left(oom, pids);
  EXPECT_THAT(text_of("err"), HasSubstr("that it left behind"));
}

TEST_F(RunLive, AfterTermAndItsGraceNothingIsLeft) {
  SKIP_WITHOUT_CGROUPS();
  const pid_t oom = start({"--grace", "0.3"}, kStubborn);
  const std::vector<pid_t> pids = wait_until_ready();
  EXPECT_EQ(pids.size(), 2U);
  ::kill(oom, SIGTERM);
  EXPECT_EQ(status_of(oom), 137);
  expect_nothing_left(oom, pids);
}

TEST_F(RunLive, AfterTheSecondInterruptNothingIsLeft) {
  SKIP_WITHOUT_CGROUPS();
  const pid_t oom = start({}, kStubborn);
  const std::vector<pid_t> pids = wait_until_ready();
  ::kill(oom, SIGINT);
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(is_alive(oom)) << "the first is the command's";
  ::kill(oom, SIGINT);
  EXPECT_EQ(status_of(oom), 137);
  expect_nothing_left(oom, pids);
}

TEST_F(RunLive, ASignalReachesTheCommand) {
  SKIP_WITHOUT_CGROUPS();
  const pid_t oom =
      start({}, "trap 'exit 66' USR1; echo ready >>pids; while :; do sleep 0.05; done");
  wait_until_ready();
  ::kill(oom, SIGUSR1);
  EXPECT_EQ(status_of(oom), 66);
  expect_nothing_left(oom, {});
}

// The status after ^C has been typed so often at a terminal, once the command says "ready".
int status_after_interrupts(const std::string& script, int count) {
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    ::execl(OOM_PROGRAM, OOM_PROGRAM, "run", "--", "sh", "-c", script.c_str(), nullptr);
    ::_exit(125);
  }
  std::string said;
  char block[256];
  while (said.find("ready") == std::string::npos) {
    const ssize_t got = ::read(terminal, block, sizeof block);
    if (got <= 0) break;
    said.append(block, static_cast<std::size_t>(got));
  }
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(::write(terminal, "\x03", 1), 1);
    std::this_thread::sleep_for(100ms);
  }
  // Until everybody has left the terminal.
  while (::read(terminal, block, sizeof block) > 0) {
  }
  ::close(terminal);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_THAT(cgroups_of(pid), IsEmpty());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(RunLive, InterruptsAtATerminalAreTheCommands) {
  SKIP_WITHOUT_CGROUPS();
  EXPECT_EQ(status_after_interrupts("echo ready; exec sleep 100", 1), 130);
  EXPECT_EQ(
      status_after_interrupts("trap 'exit 66' INT; echo ready; while :; do sleep 0.05; done", 1),
      66);
  EXPECT_EQ(status_after_interrupts("trap '' INT; echo ready; while :; do sleep 1; done", 2), 137);
  EXPECT_EQ(status_after_interrupts("trap : INT; echo ready; while :; do sleep 0.05; done", 3),
            137);
}

TEST_F(RunLive, KilledItselfItLeavesNothingEither) {
  SKIP_WITHOUT_CGROUPS();
  const pid_t oom = start({}, kStubborn);
  const std::vector<pid_t> pids = wait_until_ready();
  EXPECT_THAT(cgroups_of(oom), Not(IsEmpty()));
  ::kill(oom, SIGKILL);
  EXPECT_EQ(status_of(oom), 137);
  expect_nothing_left(oom, pids);
}

TEST_F(RunLive, WithoutPermissionItNamesTheRemedyAndStartsNothing) {
  SKIP_WITHOUT_CGROUPS();
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
  if (::access("/run/systemd/system", F_OK) == 0) GTEST_SKIP() << "systemd may give nobody a scope";
  const std::string mark = (folder_ / "started").string();
  const std::string copy = (folder_ / "oom").string();
  fs::copy_file(OOM_PROGRAM, copy);
  const pid_t pid = ::fork();
  if (pid == 0) {
    constexpr int kNobody = 65534;
    const std::string err = (folder_ / "err").string();
    if (std::freopen(err.c_str(), "w", stderr) == nullptr || ::setgid(kNobody) != 0 ||
        ::setuid(kNobody) != 0)
      ::_exit(125);
    ::execl(copy.c_str(), copy.c_str(), "run", "--memory", "64M", "--", "touch", mark.c_str(),
            nullptr);
    ::_exit(124);
  }
  EXPECT_EQ(status_of(pid), 3) << text_of("err");
  EXPECT_THAT(text_of("err"), HasSubstr("sudo"));
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(RunLive, WhatMakesNoSenseIsRefused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run"},
                                                {"run", "--memory", "80Q", "--", "true"},
                                                {"run", "--score", "1001", "--", "true"},
                                                {"run", "--grace", "-1", "--", "true"},
                                                {"run", "--format", "json", "--", "true"},
                                                {"run", "--frobnicate", "--", "true"}}) {
    const Ran ran = run_oom(words);
    EXPECT_EQ(ran.exit_status, 2) << words.back() << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("oom run: ")) << words.back();
  }
}

}  // namespace
}  // namespace oomkit
