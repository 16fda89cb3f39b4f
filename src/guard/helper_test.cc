// The helper: what it writes, which programs it runs, and when it ends.
#include "guard/helper.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guard/channel.h"
#include "io/io_testing.h"

namespace oomkit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using std::string_literals::operator""s;

class HelperTest : public ::testing::Test {
 protected:
  // Posts what the test says, lets the helper work for a while, then the guard is gone.
  void run(std::chrono::milliseconds time) {
    plan_.say = [this](std::string_view sentence) { said_.emplace_back(sentence); };
    std::thread guard([&] {
      std::this_thread::sleep_for(time);
      const std::uint64_t one = 1;
      static_cast<void>(!::write(gone_.get(), &one, sizeof one));
    });
    run_guard_helper(ring_, gone_.get(), plan_);
    guard.join();
  }
  std::string text_of(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryDirectory place_;
  SharedRing ring_ = std::move(SharedRing::create()).value();
  RingOutbox outbox_{ring_};
  FileDescriptor gone_{::eventfd(0, 0)};
  HelperPlan plan_;
  std::vector<std::string> said_;
};

TEST_F(HelperTest, RecordsGoIntoTheirFileALineEach) {
  plan_.record_file = place_.path("records");
  outbox_.post(HelperTask::record, "one died\0{\"a\":1}\0OOM_PID=1\0"s);
  outbox_.post(HelperTask::record, "another\0{\"a\":2}\0"s);
  run(std::chrono::milliseconds(1));
  EXPECT_EQ(text_of(place_.path("records")), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_THAT(said_, ElementsAre("one died", "another"));
}

TEST_F(HelperTest, AFileThatCannotBeWrittenIsSaidOnce) {
  plan_.record_file = place_.path("no/such/folder");
  outbox_.post(HelperTask::record, "one\0{}\0"s);
  outbox_.post(HelperTask::record, "two\0{}\0"s);
  run(std::chrono::milliseconds(1));
  EXPECT_EQ(said_.size(), 3U);
}

TEST_F(HelperTest, AHookRunsWithoutAShellAndKnowsItsTarget) {
  const std::string script = place_.write(
      "hook", "#!/bin/sh\necho \"$OOM_PID $1\" > " + place_.path("out") + "\nexit 3\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  outbox_.post(HelperTask::hook, "7\0002000\0OOM_PID=42\0\0"s + script + "\0a; b $HOME\0"s);
  run(std::chrono::milliseconds(300));
  EXPECT_EQ(text_of(place_.path("out")), "42 a; b $HOME\n");
  EXPECT_EQ(outbox_.hook_status(7), 3);
  EXPECT_FALSE(outbox_.hook_status(8).has_value());
}

TEST_F(HelperTest, AHookThatHangsIsEnded) {
  outbox_.post(HelperTask::hook, "1\000100\0\0/bin/sleep\00060\0"s);
  const auto begin = std::chrono::steady_clock::now();
  run(std::chrono::milliseconds(400));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_EQ(outbox_.hook_status(1), 128 + 9);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("too long")));
}

TEST_F(HelperTest, AProgramThatIsNotThereIsSaid) {
  outbox_.post(HelperTask::hook, "1\0001000\0\0/no/such/program\0"s);
  run(std::chrono::milliseconds(1));
  EXPECT_EQ(outbox_.hook_status(1), 127);
  EXPECT_THAT(said_, ElementsAre(HasSubstr("/no/such/program")));
}

TEST_F(HelperTest, TheDesktopIsToldByAProgram) {
  plan_.notify_program =
      place_.write("notify", "#!/bin/sh\necho \"$#: $1: $2\" > " + place_.path("out") + "\n");
  std::filesystem::permissions(*plan_.notify_program, std::filesystem::perms::owner_all);
  outbox_.post(HelperTask::notify, "rule leak: a; b (10): kill\0"s);
  run(std::chrono::milliseconds(300));
  EXPECT_EQ(text_of(place_.path("out")), "2: Memory ran short: rule leak: a; b (10): kill\n");
  EXPECT_THAT(said_, ElementsAre("rule leak: a; b (10): kill"));
}

TEST_F(HelperTest, ABusThatIsNotThereIsSaidOnce) {
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/no/such/bus", 1);
  plan_.warns = true;
  outbox_.post(HelperTask::warn, "50\0"s);
  outbox_.post(HelperTask::warn, "100\0"s);
  run(std::chrono::milliseconds(1));
  ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  EXPECT_THAT(said_, ElementsAre(HasSubstr("the bus for warnings"), HasSubstr("level 50"),
                                 HasSubstr("level 100")));
}

TEST_F(HelperTest, ABadPolicyIsSaidAndTheAnswerIsNo) {
  plan_.check_policy = [] { return Status(fail(ErrorCode::usage, "p.toml:3: no")); };
  number_of(ring_, ChannelNumber::reload) = 1;
  ring_.ring();
  run(std::chrono::milliseconds(1));
  EXPECT_EQ(number_of(ring_, ChannelNumber::reload_good), 0);
  EXPECT_EQ(number_of(ring_, ChannelNumber::reloaded), 1);
  EXPECT_THAT(said_, ElementsAre("p.toml:3: no; the policy stays as it was"));
}

TEST_F(HelperTest, AMessageThatMakesNoSenseIsPassedOver) {
  for (const char task : {'r', 'h', 'x', 'u', 'n', '?', 's'})
    ring_.push(std::string(1, task));
  outbox_.post(HelperTask::hook, "x\0"s);
  outbox_.post(HelperTask::say, "still here");
  run(std::chrono::milliseconds(1));
  EXPECT_THAT(said_, ElementsAre("still here"));
}

}  // namespace
}  // namespace oomkit
