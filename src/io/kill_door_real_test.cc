// The door to this machine, on processes that the test starts itself.
#include "io/kill_door_real.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/io_testing.h"
#include "io/kept_file.h"
#include "io/own_process.h"

namespace oomkit {
namespace {

pid_t start_sleeper() {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true)
    ::pause();
}

class RealKillDoorTest : public ::testing::Test {
 protected:
  std::unique_ptr<KillDoor> door_ = std::move(make_kill_door()).value();
};

TEST_F(RealKillDoorTest, AProcessIsKilledByItsHandle) {
  const pid_t pid = start_sleeper();
  const DoorNumber handle = door_->open_process(pid);
  ASSERT_EQ(handle.error, 0) << "pidfd_open";
  EXPECT_GT(door_->start_ticks(pid).value, 0);
  EXPECT_GE(door_->start_ticks(pid).value, door_->start_ticks(::getpid()).value);
  const auto file = static_cast<int>(handle.value);
  EXPECT_FALSE(door_->is_gone(file));
  EXPECT_EQ(door_->release_memory(file), EINVAL) << "nobody is killing it";
  EXPECT_EQ(door_->send_signal(file, SIGKILL, SignalReach::process), 0);
  const std::array<int, 1> handles = {file};
  constexpr std::int64_t kTenSeconds = 10'000'000'000;
  door_->wait_any(handles, kTenSeconds);
  EXPECT_TRUE(door_->is_gone(file)) << "gone, though nobody has asked for its status yet";
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_EQ(door_->send_signal(file, SIGKILL, SignalReach::process), ESRCH);
  EXPECT_EQ(door_->start_ticks(pid).error, ESRCH);
  door_->close_process(file);
}

// Whoever goes before all others would hold up the machine by the half second that it takes to
// free a large victim.
TEST(TakingTurnsTest, WhoGoesFirstTakesTurnsForAWhileAndGoesFirstAgain) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto policy = [] { return ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK; };
    static_cast<void>(run_first());
    if (policy() != SCHED_FIFO) ::_exit(77);
    bool in_turns = false;
    {
      const TakingTurns turns;
      in_turns = policy() == SCHED_OTHER;
    }
    ::_exit(in_turns && policy() == SCHED_FIFO ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "SCHED_FIFO is not permitted here";
  EXPECT_EQ(status, 0);
}

TEST_F(RealKillDoorTest, AWaitIsOverAfterItsTime) {
  const pid_t pid = start_sleeper();
  const auto handle = static_cast<int>(door_->open_process(pid).value);
  const std::array<int, 1> handles = {handle};
  const std::int64_t begin = door_->now_ns();
  constexpr std::int64_t kWait = 20'000'000;
  door_->wait_any(handles, kWait);
  EXPECT_GE(door_->now_ns() - begin, kWait);
  EXPECT_EQ(door_->send_signal_to_pid(pid, SIGKILL), 0);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  door_->close_process(handle);
}

TEST_F(RealKillDoorTest, FilesAreReadAndWrittenBelowAFolderThatIsKeptOpen) {
  const TemporaryDirectory place;
  place.write("a/cgroup.procs", "12\n34\n");
  place.write("a/b/cgroup.procs", "56\n");
  place.write("c/cgroup.procs", "78\n");
  const FileDescriptor folder(::open(place.path("a").c_str(), O_RDONLY | O_DIRECTORY));
  std::array<char, 64> buffer{};
  EXPECT_EQ(door_->read_file(folder.get(), "cgroup.procs", buffer).text, "12\n34\n");
  EXPECT_EQ(door_->read_file(folder.get(), "cgroup.kill", buffer).error, ENOENT);
  EXPECT_EQ(door_->write_file(folder.get(), "cgroup.kill", "1"), ENOENT);
  place.write("a/cgroup.kill", "");
  EXPECT_EQ(door_->write_file(folder.get(), "cgroup.kill", "1"), 0);
  EXPECT_EQ(door_->read_file(folder.get(), "cgroup.kill", buffer).text, "1");

  class Reader final : public GroupVisitor {
   public:
    explicit Reader(KillDoor& door) : door_(door) {}
    void visit(int visited) override {
      std::array<char, 64> text{};
      all += door_.read_file(visited, "cgroup.procs", text).text;
    }
    std::string all;

   private:
    KillDoor& door_;
  };
  Reader reader(*door_);
  door_->walk_groups(folder.get(), reader);
  EXPECT_EQ(reader.all, "12\n34\n56\n");
}

TEST(KeptFile, ReadsWhatIsThereNowAndWhatDoesNotFitIsCut) {
  const TemporaryDirectory place;
  const FileDescriptor folder(::open(place.path("").c_str(), O_RDONLY | O_DIRECTORY));
  KeptFile file("state");
  std::vector<char> buffer(20'000);
  EXPECT_EQ(file.read(folder.get(), buffer).error, ENOENT);
  place.write("state", "first");
  EXPECT_EQ(file.read(folder.get(), buffer).text, "first");
  const std::string large(15'000, 'x');
  place.write("state", large);
  EXPECT_EQ(file.read(folder.get(), buffer).text, large);
  const DoorText cut = file.read(folder.get(), std::span(buffer).first(100));
  EXPECT_TRUE(cut.is_cut);
  EXPECT_EQ(cut.text.size(), 100U);
}

TEST(KeptFile, ReadsAllOfTheKernelsLongFiles) {
  const FileDescriptor proc(::open("/proc", O_RDONLY | O_DIRECTORY));
  KeptFile vmstat("vmstat");
  std::vector<char> buffer(64 << 10);
  for (int times = 0; times < 2; ++times) {
    const DoorText text = vmstat.read(proc.get(), buffer);
    ASSERT_EQ(text.error, 0);
    EXPECT_NE(text.text.find("\npgmajfault "), std::string_view::npos);
    EXPECT_EQ(text.text.back(), '\n');
  }
}

}  // namespace
}  // namespace oomkit
