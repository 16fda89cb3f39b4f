#include "io/own_process.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <span>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oomkit {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 64;

long minor_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

TEST(OwnProcess, AfterAForkNoPageIsSharedAnyMore) {
  void* const room = ::mmap(nullptr, 2 * kPages * kPage, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(room, MAP_FAILED);
  // Or the fault for one page would bring more.
  ASSERT_EQ(::madvise(room, 2 * kPages * kPage, MADV_NOHUGEPAGE), 0);
  const std::span<volatile char> memory(static_cast<volatile char*>(room), 2 * kPages * kPage);
  const std::span<volatile char> used = memory.first(kPages * kPage);
  for (std::size_t at = 0; at < used.size(); at += kPage)
    used[at] = 'x';
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true)
      ::pause();
  }
  ASSERT_GT(child, 0);
  make_memory_ours();
  const long before = minor_faults();
  for (std::size_t at = 0; at < used.size(); at += kPage)
    used[at] = 'y';
  const long after = minor_faults();
  EXPECT_EQ(after, before);
  std::array<unsigned char, 2 * kPages> there{};
  ASSERT_EQ(::mincore(room, memory.size(), there.data()), 0);
  EXPECT_EQ(std::count(there.begin(), there.end(), 0), kPages) << "what was never used";
  ::kill(child, SIGKILL);
  bury_process(child);
  ::munmap(room, memory.size());
}

// 50 ms are long.
TEST(OwnProcess, WhoHasHadTheProcessorForLongTakesABreath) {
  const auto waits = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
  };
  Breath breath;
  breath.begin();
  const auto begun = std::chrono::steady_clock::now();
  const long before = waits();
  breath.take_if_needed();
  const bool was_soon = std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(50);
  if (was_soon) {
    EXPECT_EQ(waits(), before);
  }
  while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(55)) {
  }
  breath.take_if_needed();
  EXPECT_GE(waits(), before + 1);
}

}  // namespace
}  // namespace oomkit
