// Experiments in a memory cgroup of their own on the machine that runs the tests: a kernel
// that nobody chose. Nothing is left of them.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/experiment.h"
#include "lab/here.h"
#include "lab/here_cgroup.h"
#include "tests/cli/run_program.h"

namespace oomkit {
namespace {

// Why nothing can run here, "" if something can.
std::string missing_here() {
  const auto hierarchy = hierarchy_here();
  if (!hierarchy) return hierarchy.error().what;
  const auto cgroup = make_here_cgroup(*hierarchy);
  return cgroup ? "" : cgroup.error().what;
}

std::vector<std::string> leftovers() {
  std::vector<std::string> found;
  const auto hierarchy = hierarchy_here();
  if (!hierarchy) return found;
  for (const auto& entry : std::filesystem::directory_iterator(hierarchy->folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("oomkit-lab-", 0) == 0) found.push_back(name);
  }
  return found;
}

std::string one_that_fits() {
  for (const Experiment& each : experiments()) {
    if (fits_here(each)) return std::string(each.name);
  }
  return "";
}

TEST(LabHere, AllThatFitHoldOnThisKernelToo) {
  if (const std::string missing = missing_here(); !missing.empty()) GTEST_SKIP() << missing;
  const Ran ran = run_oom({"lab", "run", "--all", "--world", "here"});
  EXPECT_EQ(ran.exit_status, 0) << ran.out << ran.err;
  EXPECT_TRUE(leftovers().empty()) << leftovers().front();
}

TEST(LabHere, InterruptedItLeavesNothingBehind) {
  if (const std::string missing = missing_here(); !missing.empty()) GTEST_SKIP() << missing;
  const std::string name = one_that_fits();
  ASSERT_FALSE(name.empty());
  for (const int delay_ms : {20, 60, 120, 200}) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(STDOUT_FILENO);
      ::close(STDERR_FILENO);
      ::execl(OOM_PROGRAM, OOM_PROGRAM, "lab", "run", name.c_str(), "--world", "here", nullptr);
      ::_exit(127);
    }
    ASSERT_GT(pid, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    ::kill(pid, SIGINT);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) || WTERMSIG(status) == SIGINT);
    EXPECT_TRUE(leftovers().empty()) << "after " << delay_ms << " ms: " << leftovers().front();
  }
}

TEST(LabHere, WhatNeedsAMachineOfItsOwnIsRefusedAndNothingIsStarted) {
  for (const char* name : {"global-no-swap", "panic-2", "sysrq-f", "overcommit-1", "thrash"}) {
    const Ran ran = run_oom({"lab", "run", name, "--world", "here"});
    EXPECT_EQ(ran.exit_status, 3) << name << ran.out;
    EXPECT_NE(ran.err.find("--world vm"), std::string::npos) << ran.err;
    EXPECT_TRUE(ran.out.empty());
  }
}

}  // namespace
}  // namespace oomkit
