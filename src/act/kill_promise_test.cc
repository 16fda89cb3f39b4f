// The promises of the kill path, on real processes: while it kills it allocates nothing, waits
// for no page, misses nobody and never hits another process.
//
// The victims are children of a nursery, a process forked beforehand: were they our own, each
// fork would leave our pages to be copied, and their faults would be counted as the killer's.
// All of them end with this test, whatever becomes of it.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/kill_run.h"
#include "io/kept_file.h"
#include "io/kill_door_real.h"
#include "tests/support/no_allocation.h"

namespace oomkit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

enum class Hog : char {
  plain = 'p',
  ignores_term = 't',
  zombie_leader = 'z',  // Its main thread has ended, another one lives.
  already_dead = 'd',
  same_pid_again = 'r',  // Two, one after the other, with the same pid.
  swarm = 's',
};
constexpr int kSwarm = 40;

void* stay(void*) {
  while (true)
    ::pause();
}

void tell(int pipe, std::int64_t number) {
  if (::write(pipe, &number, sizeof number) != sizeof number) ::_exit(1);
}

[[noreturn]] void be_hog(Hog kind, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGTERM, kind == Hog::ignores_term ? SIG_IGN : SIG_DFL);
  constexpr std::size_t kBytes = 1 << 20;
  void* const memory =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) ::_exit(1);
  std::memset(memory, 'h', kBytes);
  if (kind == Hog::already_dead) ::_exit(0);
  if (kind == Hog::zombie_leader) {
    pthread_t thread{};
    if (::pthread_create(&thread, nullptr, stay, nullptr) != 0) ::_exit(1);
    tell(pipe, ::getpid());
    ::syscall(SYS_exit, 0);  // Of this thread alone.
  }
  tell(pipe, ::getpid());
  stay(nullptr);
  ::_exit(0);
}

pid_t fork_with_pid(pid_t pid) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<std::uintptr_t>(&pid);
  arguments.set_tid_size = 1;
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

// A hog, its end, and another process with its pid. The first hog's start is told, then the pid
// of the second; 0 where the kernel does not let us choose.
void reuse_pid(int pipe) {
  const std::unique_ptr<KillDoor> door = std::move(make_kill_door()).value();
  const pid_t first = ::fork();
  if (first == 0) stay(nullptr);
  const std::int64_t start = door->start_ticks(first).value;
  constexpr useconds_t kLongerThanATick = 30'000;
  ::usleep(kLongerThanATick);
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  const pid_t second = fork_with_pid(first);
  if (second == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    stay(nullptr);
  }
  tell(pipe, start);
  tell(pipe, second == first ? second : 0);
}

[[noreturn]] void be_nursery(int orders, int answers) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char order = 0;
  while (::read(orders, &order, 1) == 1) {
    const auto kind = static_cast<Hog>(order);
    if (kind == Hog::same_pid_again) {
      reuse_pid(answers);
      continue;
    }
    for (int count = 0; count < (kind == Hog::swarm ? kSwarm : 1); ++count) {
      const pid_t child = ::fork();
      if (child == 0) be_hog(kind, answers);
      if (kind != Hog::already_dead) continue;
      siginfo_t ended{};  // Without taking its status: it stays a zombie.
      ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
      tell(answers, child);
    }
  }
  ::_exit(0);
}

class KillPromise : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    int to_nursery[2];
    int from_nursery[2];
    ASSERT_EQ(::pipe(to_nursery), 0);
    ASSERT_EQ(::pipe(from_nursery), 0);
    nursery_ = ::fork();
    if (nursery_ == 0) {
      ::close(to_nursery[1]);
      be_nursery(to_nursery[0], from_nursery[1]);
    }
    ::close(to_nursery[0]);
    orders_ = to_nursery[1];
    answers_ = from_nursery[0];
    door_ = std::move(make_kill_door()).value();
    run_ = std::make_unique<KillRun>(*door_);
    run_->protect(::getpid());
    run_->protect(nursery_);
#if !OOMKIT_HAS_SANITIZERS
    is_locked_ = ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
#endif
  }
  static void TearDownTestSuite() {
    run_.reset();
    door_.reset();
    ::close(orders_);
    ::waitpid(nursery_, nullptr, 0);
    ::munlockall();
  }

  static std::int64_t answer() {
    std::int64_t number = 0;
    EXPECT_EQ(::read(answers_, &number, sizeof number), ssize_t{sizeof number});
    return number;
  }
  static KillTarget hog(Hog kind) {
    const auto order = static_cast<char>(kind);
    EXPECT_EQ(::write(orders_, &order, 1), 1);
    return target_of(static_cast<std::int32_t>(answer()));
  }
  static KillTarget target_of(std::int32_t pid) {
    return {pid, static_cast<std::uint64_t>(door_->start_ticks(pid).value)};
  }
  static char state_of(std::int32_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string stat(std::istreambuf_iterator<char>(file), {});
    return stat.at(stat.rfind(')') + 2);
  }
  // Also a zombie is gone.
  static bool is_alive(std::int32_t pid) {
    const DoorNumber handle = door_->open_process(pid);
    if (handle.error != 0) return false;
    const bool gone = door_->is_gone(static_cast<int>(handle.value));
    door_->close_process(static_cast<int>(handle.value));
    return !gone;
  }

  struct Cost {
    long minor = 0;
    long major = 0;
  };
  // From here to its end nothing may be allocated.
  static Cost carry_out(const KillOrder& order) {
    rusage before{};
    rusage after{};
    allocation_is_forbidden = true;
    ::getrusage(RUSAGE_SELF, &before);
    run_->begin(order, {door_->now_ns(), false, std::nullopt});
    while (!run_->is_over()) {
      const std::int64_t wait_ns = run_->wake_at_ns() - door_->now_ns();
      if (wait_ns > 0) door_->wait_any(run_->handles(), wait_ns);
      run_->advance({door_->now_ns(), false, std::nullopt});
    }
    ::getrusage(RUSAGE_SELF, &after);
    allocation_is_forbidden = false;
    return {after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt};
  }
  static Cost carry_out(std::span<const KillTarget> targets, std::span<const KillStep> steps) {
    KillOrder order;
    order.targets = targets;
    order.steps = steps;
    return carry_out(order);
  }

  static constexpr std::array<KillStep, 2> kKill = {
      {{KillVerb::kill, 0, 0, 0}, {KillVerb::reap, 0, 0, 0}}};

  static inline pid_t nursery_ = -1;
  static inline int orders_ = -1;
  static inline int answers_ = -1;
  static inline bool is_locked_ = false;
  static inline std::unique_ptr<KillDoor> door_;
  static inline std::unique_ptr<KillRun> run_;
};

TEST_F(KillPromise, TwoHundredHogsInARowAndNoneMissed) {
  constexpr int kHogs = 200;
  constexpr int kWarmUp = 3;
  long minor = 0;
  long major = 0;
  for (int count = 0; count < kHogs; ++count) {
    const std::array<KillTarget, 1> targets = {hog(Hog::plain)};
    const Cost cost = carry_out(targets, kKill);
    ASSERT_EQ(run_->outcomes()[0].result, KillResult::done) << "hog " << count;
    ASSERT_FALSE(is_alive(targets[0].pid)) << "hog " << count;
    if (count < kWarmUp) continue;
    minor += cost.minor;
    major += cost.major;
  }
  if (!is_locked_) GTEST_SKIP() << "page faults not judged: memory cannot be locked here";
  EXPECT_EQ(minor, 0);
  EXPECT_EQ(major, 0);
}

TEST_F(KillPromise, ASwarmGoesInOneRun) {
  std::array<KillTarget, kSwarm> targets{hog(Hog::swarm)};
  for (int count = 1; count < kSwarm; ++count)
    targets[static_cast<std::size_t>(count)] = target_of(static_cast<std::int32_t>(answer()));
  carry_out(targets, kKill);
  EXPECT_EQ(run_->outcomes()[0].reached, kSwarm);
  for (const KillTarget& target : targets)
    EXPECT_FALSE(is_alive(target.pid));
}

TEST_F(KillPromise, WhoeverIgnoresSigtermIsKilledWhenItsTimeIsOver) {
  const std::array<KillTarget, 1> targets = {hog(Hog::ignores_term)};
  constexpr std::int64_t kWait = kSecond / 10;
  constexpr std::array<KillStep, 2> kSteps = {
      {{KillVerb::signal, SIGTERM, 0, kWait}, {KillVerb::kill, 0, 0, 0}}};
  carry_out(targets, kSteps);
  EXPECT_EQ(run_->outcomes()[0].result, KillResult::still_there);
  EXPECT_GE(run_->outcomes()[0].took_ns, kWait);
  EXPECT_EQ(run_->outcomes()[1].result, KillResult::done);
  EXPECT_FALSE(is_alive(targets[0].pid));
}

TEST_F(KillPromise, AZombieMainThreadWithLivingThreadsIsNotTakenForDead) {
  const std::array<KillTarget, 1> targets = {hog(Hog::zombie_leader)};
  while (state_of(targets[0].pid) != 'Z')
    ::usleep(1000);
  EXPECT_TRUE(is_alive(targets[0].pid));
  carry_out(targets, kKill);
  EXPECT_EQ(run_->outcomes()[0].result, KillResult::done);
  EXPECT_EQ(run_->outcomes()[0].reached, 1);
  EXPECT_FALSE(is_alive(targets[0].pid));
}

TEST_F(KillPromise, WhoeverIsDeadAlreadyIsLeftAlone) {
  const std::array<KillTarget, 1> targets = {hog(Hog::already_dead)};
  carry_out(targets, kKill);
  EXPECT_EQ(run_->outcomes()[0].result, KillResult::not_needed);
  EXPECT_EQ(run_->outcomes()[0].reached, 0);
}

TEST_F(KillPromise, APidThatWasGivenAgainIsNeverSignalled) {
  constexpr auto kOrder = static_cast<char>(Hog::same_pid_again);
  ASSERT_EQ(::write(orders_, &kOrder, 1), 1);
  const std::int64_t first_start = answer();
  const auto pid = static_cast<std::int32_t>(answer());
  if (pid == 0) GTEST_SKIP() << "clone3 with a chosen pid is not allowed here";
  const std::array<KillTarget, 1> first = {{{pid, static_cast<std::uint64_t>(first_start)}}};
  carry_out(first, kKill);
  EXPECT_EQ(run_->outcomes()[0].result, KillResult::other_process);
  EXPECT_TRUE(is_alive(pid));
  const std::array<KillTarget, 1> second = {target_of(pid)};
  carry_out(second, kKill);
  EXPECT_FALSE(is_alive(pid));
}

}  // namespace
}  // namespace oomkit
