// Scores read from files that stay open, held against those read anew: of processes that this
// test starts, that end, whose numbers others get, and that change between two scans.
#include "sources/score_files.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sources/host_text.h"
#include "sources/live_host.h"

namespace oomkit {
namespace {

// A process that sleeps until it is ended.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ == 0) sleep_on();
  }
  // With that number, where we may choose one.
  explicit Sleeper(pid_t number) {
    clone_args how{};
    how.exit_signal = SIGCHLD;
    how.set_tid = reinterpret_cast<std::uintptr_t>(&number);
    how.set_tid_size = 1;
    pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
    if (pid_ == 0) sleep_on();
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { end(); }

  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void set_adj(int adj) const {
    std::ofstream("/proc/" + std::to_string(pid_) + "/oom_score_adj") << adj;
  }

 private:
  [[noreturn]] static void sleep_on() {
    while (true)
      ::pause();
  }
  pid_t pid_ = -1;
};

class ScoreFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto tree = open_file_tree("/");
    ASSERT_TRUE(tree.has_value());
    tree_ = std::move(*tree);
    auto proc = tree_->open_folder("proc");
    if (!proc) GTEST_SKIP() << "there is no /proc here";
    proc_ = std::move(*proc);
    if (proc_->keep("self/oom_score").get() < 0) GTEST_SKIP() << "/proc here is none of Linux";
  }

  static std::string path_of(std::int64_t pid) { return std::to_string(pid) + "/oom_score"; }
  ScoreFiles::Score read(std::int64_t pid) {
    return files_.read(*proc_, pid, path_of(pid), buffer_);
  }
  std::optional<std::int64_t> score(std::int64_t pid) {
    const auto text = read(pid).text;
    return text ? parse_number(*text) : std::nullopt;
  }
  std::optional<std::int64_t> anew(std::int64_t pid) {
    const auto text = proc_->read_once(path_of(pid), buffer_);
    return text ? parse_number(*text) : std::nullopt;
  }
  std::optional<std::int64_t> scan_of_one(std::int64_t pid, std::size_t room = 10) {
    files_.begin(room);
    const auto found = score(pid);
    files_.end();
    return found;
  }

  std::unique_ptr<FileTree> tree_;
  std::unique_ptr<OpenFolder> proc_;
  ScoreFiles files_;
  std::vector<char> buffer_;
};

TEST_F(ScoreFilesTest, OnlyWhoLooksAgainKeepsFiles) {
  const Sleeper process;
  EXPECT_TRUE(scan_of_one(process.pid()).has_value());
  EXPECT_EQ(files_.kept(), 0U);
  EXPECT_TRUE(scan_of_one(process.pid()).has_value());
  EXPECT_EQ(files_.kept(), 1U);
}

TEST_F(ScoreFilesTest, AKeptFileTellsWhatChangedSince) {
  const Sleeper process;
  process.set_adj(100);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(scan_of_one(process.pid()), anew(process.pid()));
  const auto before = anew(process.pid());
  process.set_adj(1000);
  const auto after = scan_of_one(process.pid());
  EXPECT_EQ(after, anew(process.pid()));
  if (after == before) GTEST_SKIP() << "oom_score does not follow oom_score_adj here";
}

TEST_F(ScoreFilesTest, WhoEndedIsGoneAndItsFileToo) {
  Sleeper process;
  scan_of_one(process.pid());
  scan_of_one(process.pid());
  const pid_t number = process.pid();
  process.end();
  files_.begin(10);
  const auto text = read(number).text;
  files_.end();
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error(), ErrorCode::not_found);
  EXPECT_EQ(files_.kept(), 0U);
}

TEST_F(ScoreFilesTest, WhoIsNoLongerListedIsNotKept) {
  const Sleeper first;
  const Sleeper second;
  for (int i = 0; i < 2; ++i) {
    files_.begin(10);
    score(first.pid());
    score(second.pid());
    files_.end();
  }
  EXPECT_EQ(files_.kept(), 2U);
  scan_of_one(second.pid());
  EXPECT_EQ(files_.kept(), 1U);
  scan_of_one(first.pid());
  EXPECT_EQ(files_.kept(), 1U) << "the one that was listed";
}

TEST_F(ScoreFilesTest, ANumberThatAnotherHasNowIsReadOfThatOne) {
  auto process = std::make_unique<Sleeper>();
  process->set_adj(100);
  scan_of_one(process->pid());
  scan_of_one(process->pid());
  files_.note_kernel_thread(process->pid());
  const pid_t number = process->pid();
  process->end();
  const Sleeper other(number);
  if (other.pid() != number) GTEST_SKIP() << "numbers of processes cannot be chosen here";
  other.set_adj(900);
  files_.begin(10);
  const ScoreFiles::Score found = read(number);
  ASSERT_TRUE(found.text.has_value());
  EXPECT_EQ(parse_number(*found.text), anew(number));
  EXPECT_FALSE(found.was_kernel_thread) << "that was another process";
  files_.end();
  EXPECT_EQ(files_.kept(), 1U);
}

TEST_F(ScoreFilesTest, NoMoreAreKeptThanThereIsRoomFor) {
  const Sleeper first;
  const Sleeper second;
  for (int i = 0; i < 3; ++i) {
    files_.begin(1);
    EXPECT_EQ(score(first.pid()), anew(first.pid()));
    EXPECT_EQ(score(second.pid()), anew(second.pid()));
    files_.end();
  }
  EXPECT_EQ(files_.kept(), 1U);
}

TEST_F(ScoreFilesTest, AKernelThreadIsRememberedWhereItsFileIsKept) {
  const Sleeper process;
  const auto remembered = [&] {
    files_.begin(10);
    const bool was = read(process.pid()).was_kernel_thread;
    files_.end();
    return was;
  };
  EXPECT_FALSE(remembered());
  files_.note_kernel_thread(process.pid());
  EXPECT_FALSE(remembered()) << "nothing was kept by the first scan";
  files_.note_kernel_thread(process.pid());
  EXPECT_TRUE(remembered());
  EXPECT_TRUE(remembered());
}

TEST(ScoreFiles, RoomIsASmallPartOfTheHostsMemory) {
  EXPECT_EQ(ScoreFiles::room(Bytes(0), PageSize::k4K), 0U);
  const Bytes small(std::int64_t{256} << 20);
  EXPECT_LE(ScoreFiles::room(small, PageSize::k4K) * 4608, small.count() / 128);
  const Bytes large(std::int64_t{1} << 40);
  EXPECT_LE(ScoreFiles::room(large, PageSize::k4K) * 4608, std::size_t{10} << 20);
  EXPECT_LT(ScoreFiles::room(large, PageSize::k64K), ScoreFiles::room(large, PageSize::k4K) / 10);
}

// In the whole scan: what it goes by is what the kernel says then, though files are kept.
TEST_F(ScoreFilesTest, EachScanGoesByTheScoresOfItsTime) {
  auto host = LiveHost::create(*tree_);
  ASSERT_TRUE(host.has_value());
  constexpr std::size_t kAll = 1'000'000;
  const auto scanned = [&](pid_t pid) -> std::optional<std::int64_t> {
    const auto snapshot = host->read(HostQuery::next_victims(kAll));
    EXPECT_TRUE(snapshot.has_value());
    for (std::size_t i = 0; i < snapshot->tasks.size(); ++i) {
      if (snapshot->tasks[i].pid == pid) return snapshot->task_states[i].oom_score;
    }
    return std::nullopt;
  };
  Sleeper first;
  const Sleeper second;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(scanned(second.pid()), anew(second.pid()));
  second.set_adj(1000);
  EXPECT_EQ(scanned(second.pid()), anew(second.pid()));
  const pid_t number = first.pid();
  first.end();
  EXPECT_FALSE(scanned(number).has_value());
  const Sleeper third;
  third.set_adj(1000);
  EXPECT_EQ(scanned(third.pid()), anew(third.pid())) << "it was not there by the scan before";
}

}  // namespace
}  // namespace oomkit
