// `oom trigger` on a captured host, through a door behind which nobody dies.
#include "cli/trigger_session.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/host_input.h"

namespace oomkit {
namespace {

using testing::HasSubstr;

const std::string kHost = OOMKIT_SOURCE_DIR "/tests/top/data/web-17";

// A log in which something stands once the letter was pressed.
class ScriptedLog final : public LiveSource {
 public:
  ScriptedLog(const RecordedSysrq& door, std::string answer)
      : door_(door), answer_(std::move(answer)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    if (door_.pressed != "f") return 0U;
    const std::size_t count = std::min(buffer.size(), answer_.size());
    std::memcpy(buffer.data(), answer_.data(), count);
    answer_.erase(0, count);
    return count;
  }
  const std::string& name() const override { return name_; }
  int descriptor() const override { return -1; }

 private:
  const RecordedSysrq& door_;
  std::string answer_;
  std::string name_ = "script";
};

TopReport preview() {
  HostArguments arguments;
  arguments.root = kHost;
  auto input = HostInput::create(arguments);
  auto snapshot = input->read(HostQuery::next_victims(10));
  return preview_trigger(*std::move(snapshot)).value();
}

Result<TriggerOutcome> pull(RecordedSysrq& door, const std::string& log) {
  return pull_trigger(door, std::make_unique<ScriptedLog>(door, log));
}

// As a 6.12 kernel says it, short of what nobody asks for here.
std::string killed(const std::string& comm, const std::string& pid) {
  return "6,1,1000000,-;sysrq: Manual OOM execution\n"
         "4,2,1000100,-;kworker/0:1 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=-1, "
         "oom_score_adj=0\n"
         "6,3,1000200,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
         "mems_allowed=0,global_oom,task_memcg=/,task=" +
         comm + ",pid=" + pid +
         ",uid=0\n"
         "3,4,1000300,-;Out of memory: Killed process " +
         pid + " (" + comm +
         ") total-vm:1000kB, anon-rss:900kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:44kB "
         "oom_score_adj:0\n";
}

TEST(Trigger, ThePreviewIsWhomTopNamesAndSaysThatNothingWasDone) {
  const TopReport report = preview();
  const std::string text = trigger_text(report, nullptr, {80, 10, false});
  EXPECT_THAT(text, HasSubstr("java (4410)"));
  EXPECT_THAT(text, HasSubstr("Nothing was done."));
  EXPECT_THAT(trigger_json(report, nullptr, 10), HasSubstr("\"asked\":false"));
}

TEST(Trigger, WhoDiedAsForeseenIsSaidToBe) {
  const TopReport report = preview();
  RecordedSysrq door;
  const auto outcome = pull(door, killed("java", "4410"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(door.pressed, "f");
  EXPECT_EQ(is_as_predicted(report, *outcome), true);
  EXPECT_THAT(trigger_text(report, &*outcome, {80, 10, false}),
              HasSubstr("The kernel killed java (4410), as predicted."));
  EXPECT_THAT(trigger_json(report, &*outcome, 10), HasSubstr("\"as_predicted\":true"));
}

TEST(Trigger, AnotherVictimIsNamedAsAnother) {
  const TopReport report = preview();
  RecordedSysrq door;
  const auto outcome = pull(door, killed("sshd", "812"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(is_as_predicted(report, *outcome), false);
  EXPECT_THAT(trigger_text(report, &*outcome, {80, 10, false}),
              HasSubstr("sshd (812): not who was predicted"));
}

TEST(Trigger, WithoutALogItSaysSoAndClaimsNothing) {
  const TopReport report = preview();
  RecordedSysrq door;
  const auto outcome = pull_trigger(door, fail(ErrorCode::denied, "/dev/kmsg: no"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(door.pressed, "f");
  EXPECT_FALSE(is_as_predicted(report, *outcome).has_value());
  EXPECT_THAT(trigger_text(report, &*outcome, {200, 10, false}), HasSubstr("/dev/kmsg: no"));
}

TEST(Trigger, ADoorThatIsShutIsAnErrorAndTheLogIsNotRead) {
  RecordedSysrq door;
  door.failing = Error{ErrorCode::denied, "shut"};
  const auto outcome = pull(door, killed("java", "4410"));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().what, "shut");
}

TEST(Trigger, SysrqNeitherPanicsNorKillsWhoAsks) {
  HostArguments arguments;
  arguments.root = kHost;
  auto input = HostInput::create(arguments);
  Snapshot snapshot = input->read(HostQuery::next_victims(10)).value();
  snapshot.host_state->sysctl.set("vm.panic_on_oom", 2);
  snapshot.host_state->sysctl.set("vm.oom_kill_allocating_task", 1);
  const TopReport report = preview_trigger(std::move(snapshot)).value();
  EXPECT_EQ(report.scopes.front().prediction->outcome, OomOutcome::kills);
}

}  // namespace
}  // namespace oomkit
