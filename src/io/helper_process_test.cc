// The keeper: what it does with a helper that ended, was stopped, hangs, or cannot even be ended.
#include "io/helper_process.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io_testing.h"

namespace oomkit {
namespace {

using std::chrono::seconds;

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class HelperProcessTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (program_ <= 0) return;
    ::kill(program_, SIGKILL);
    ::waitpid(program_, nullptr, 0);
    EXPECT_TRUE(comes_true([&] { return text_of_file(files_.path("gone")) == "x"; }));
  }

  // The first helper does that; those after it tell what became of it, and wait for the end.
  void start(const std::function<void()>& first) {
    WithHelper plan;
    plan.program = "/bin/sleep";
    plan.arguments = {"1000"};
    plan.helper = [&](int program_gone, int restarts, HelperEnd last) {
      const std::string name = "helper" + std::to_string(restarts);
      append_to_file(files_.path(name + ".keeper"), std::to_string(::getppid()));
      append_to_file(files_.path(name + ".last"), std::to_string(static_cast<int>(last)));
      append_to_file(files_.path(name), std::to_string(::getpid()));
      if (restarts == 0) first();
      char end = 0;
      static_cast<void>(!::read(program_gone, &end, 1));
    };
    plan.clean_up = [&] { append_to_file(files_.path("gone"), "x"); };
    program_ = ::fork();
    if (program_ == 0) {
      static_cast<void>(become_with_helper(plan));
      ::_exit(126);
    }
    ASSERT_GT(program_, 0);
  }
  template <class Condition>
  static bool comes_true(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  pid_t number(const std::string& name) const {
    const std::string text = text_of_file(files_.path(name));
    return text.empty() ? -1 : static_cast<pid_t>(std::stol(text));
  }
  bool is_there(const std::string& helper) const {
    return comes_true([&] { return number(helper) > 0; });
  }
  HelperEnd last_of(const std::string& helper) const {
    return static_cast<HelperEnd>(number(helper + ".last"));
  }
  bool is_gone(pid_t pid) const { return ::kill(pid, 0) != 0; }

  TemporaryDirectory files_;
  pid_t program_ = -1;
};

TEST_F(HelperProcessTest, OneThatEndedIsStartedAgain) {
  start([] { ::_exit(3); });
  ASSERT_TRUE(is_there("helper1"));
  EXPECT_EQ(last_of("helper1"), HelperEnd::ended);
}

TEST_F(HelperProcessTest, OneThatIsStoppedIsReplaced) {
  start([] { ::raise(SIGSTOP); });
  ASSERT_TRUE(is_there("helper1"));
  EXPECT_EQ(last_of("helper1"), HelperEnd::stopped);
  EXPECT_TRUE(is_gone(number("helper0")));
}

TEST_F(HelperProcessTest, OneThatHangsIsReplacedWhenTheProgramSaysSo) {
  start([] {
    while (true)
      ::pause();
  });
  ASSERT_TRUE(is_there("helper0"));
  ::kill(number("helper0.keeper"), kSignalHelperHangs);
  ASSERT_TRUE(is_there("helper1"));
  EXPECT_EQ(last_of("helper1"), HelperEnd::hung);
  EXPECT_TRUE(is_gone(number("helper0")));
}

// Held by a tracer at its very end it is as one that waits in the kernel: killed, and not gone.
TEST_F(HelperProcessTest, OneThatCannotBeEndedIsLeftBehind) {
  start([] {
    while (true)
      ::pause();
  });
  ASSERT_TRUE(is_there("helper0"));
  const pid_t stuck = number("helper0");
  if (::ptrace(PTRACE_SEIZE, stuck, nullptr, PTRACE_O_TRACEEXIT) != 0)
    GTEST_SKIP() << "processes cannot be traced here";
  ::kill(number("helper0.keeper"), kSignalHelperHangs);
  ASSERT_TRUE(is_there("helper1"));
  EXPECT_EQ(last_of("helper1"), HelperEnd::hung);
  EXPECT_FALSE(is_gone(stuck));
  int status = 0;
  EXPECT_EQ(::waitpid(stuck, &status, __WALL), stuck);
  ::ptrace(PTRACE_DETACH, stuck, nullptr, nullptr);
  // The next one that is to be replaced takes its remains along.
  ::kill(number("helper1.keeper"), kSignalHelperHangs);
  ASSERT_TRUE(is_there("helper2"));
  EXPECT_TRUE(is_gone(stuck));
}

}  // namespace
}  // namespace oomkit
