#include "trial_member.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/small_file.h"

namespace oomkit {
namespace {

constexpr std::size_t kPage = 4096;

char* map(std::size_t bytes, int flags) {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
  if (memory == MAP_FAILED) std::_Exit(3);
  return static_cast<char*>(memory);
}

// Page by page, so that what is asked for is what is had.
char* take_pages(std::int64_t pages) {
  const std::size_t bytes = static_cast<std::size_t>(pages) * kPage;
  char* const memory = map(bytes, MAP_PRIVATE);
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  std::memset(memory, 1, bytes);
  return memory;
}

void take_huge(std::int64_t pages) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  const std::size_t bytes = static_cast<std::size_t>(pages) * kPage;
  char* const memory = map(bytes + kHuge, MAP_PRIVATE);
  ::madvise(memory, bytes + kHuge, MADV_HUGEPAGE);
  for (std::size_t at = 0; at < bytes; at += kPage)
    memory[at] = 1;
}

// One page is read in each 2 MiB: the page of zeros, which is nobody's, in a table of its own.
void take_tables(std::int64_t tables) {
  constexpr std::size_t kCovered = std::size_t{2} << 20;
  const std::size_t bytes = static_cast<std::size_t>(tables) * kCovered;
  const volatile char* const memory = map(bytes, MAP_PRIVATE | MAP_NORESERVE);
  for (std::size_t at = 0; at < bytes; at += kCovered)
    (void)memory[at];
}

void hold(const MemberPlan& plan) {
  const std::size_t bytes = static_cast<std::size_t>(plan.pages) * kPage;
  switch (plan.kind) {
    case MemberKind::plain:
    case MemberKind::threads:
    case MemberKind::headless:
      take_pages(plan.pages);
      break;
    case MemberKind::shared:
      std::memset(map(bytes, MAP_SHARED), 1, bytes);
      break;
    case MemberKind::huge:
      take_huge(plan.pages);
      break;
    case MemberKind::tables:
      take_tables(plan.pages);
      break;
    case MemberKind::locked:
      ::mlock(take_pages(plan.pages), bytes);
      break;
    case MemberKind::paged_out:
      ::madvise(take_pages(plan.pages), bytes / 2, MADV_PAGEOUT);
      break;
  }
}

[[noreturn]] void obey(int orders, int answers) {
  char ready = 'r';
  if (::write(answers, &ready, 1) != 1) std::_Exit(4);
  std::int64_t pages = 0;
  while (::read(orders, &pages, sizeof pages) == sizeof pages) {
    take_pages(pages);
    if (::write(answers, &ready, 1) != 1) std::_Exit(4);
  }
  std::_Exit(0);
}

void pause_for_good() {
  while (true)
    ::pause();
}

[[noreturn]] void live(const MemberPlan& plan, int orders, int answers) {
  ::prctl(PR_SET_NAME, plan.name.c_str());
  const std::string procs = "/sys/fs/cgroup" + plan.cgroup + "/cgroup.procs";
  if (guest::write_file(procs.c_str(), "0") != 0) std::_Exit(1);
  if (guest::write_file("/proc/self/oom_score_adj", std::to_string(plan.adj)) != 0) std::_Exit(2);
  hold(plan);
  if (plan.kind == MemberKind::threads || plan.kind == MemberKind::headless) {
    for (int i = 0; i < 3; ++i)
      std::thread(pause_for_good).detach();
  }
  if (plan.kind == MemberKind::headless) {
    std::thread(obey, orders, answers).detach();
    // The thread alone, and without the destructors of whoever forked it.
    ::syscall(SYS_exit, 0);
  }
  obey(orders, answers);
}

}  // namespace

const char* name_of(MemberKind kind) {
  constexpr const char* kNames[] = {"plain",   "shared",   "huge",   "tables",
                                    "threads", "headless", "locked", "paged_out"};
  return kNames[static_cast<int>(kind)];
}

Member Member::start(const MemberPlan& plan) {
  int orders[2];
  int answers[2];
  if (::pipe2(orders, O_CLOEXEC) != 0 || ::pipe2(answers, O_CLOEXEC) != 0) return {};
  Member member;
  member.pid_ = ::fork();
  if (member.pid_ == 0) {
    ::close(orders[1]);
    ::close(answers[0]);
    live(plan, orders[0], answers[1]);
  }
  ::close(orders[0]);
  ::close(answers[1]);
  member.orders_ = orders[1];
  member.answers_ = answers[0];
  char ready = 0;
  if (member.pid_ > 0 && ::read(member.answers_, &ready, 1) == 1) return member;
  member.end();
  return member;
}

void Member::grow(std::int64_t pages) const {
  // Who has died meanwhile takes nothing.
  [[maybe_unused]] const ssize_t written = ::write(orders_, &pages, sizeof pages);
}

void Member::end() {
  if (orders_ >= 0) ::close(orders_);
  if (answers_ >= 0) ::close(answers_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  pid_ = orders_ = answers_ = -1;
}

}  // namespace oomkit
