#include "io/own_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lines.h"
#include "core/text.h"
#include "io/file_descriptor.h"
#include "io/kept_file.h"

// Where the linker was told to define them.
extern "C" {
[[gnu::weak]] extern const char oomkit_kept_code_begin[];
[[gnu::weak]] extern const char oomkit_kept_code_end[];
[[gnu::weak]] extern const char oomkit_kept_data_begin[];
[[gnu::weak]] extern const char oomkit_kept_data_end[];
}

namespace oomkit {
namespace {

void touch(const char* begin, const char* end) {
  constexpr std::ptrdiff_t kPage = 4096;
  for (const volatile char* at = begin; at < end; at += std::min(kPage, end - at))
    static_cast<void>(*at);
  if (begin < end) static_cast<void>(*static_cast<const volatile char*>(end - 1));
}

// Writes to each page of begin..end that is in memory, and changes nothing, whosever it is. Which
// those are /proc/self/pagemap says: mincore() is not among the calls that systemd's
// @system-service allows.
[[gnu::no_sanitize_address]] void write_to_pages(int pagemap, std::uintptr_t begin,
                                                 std::uintptr_t end) {
  constexpr std::uintptr_t kPage = 4096;
  // Documentation/admin-guide/mm/pagemap.rst
  constexpr std::uint64_t kPresent = std::uint64_t{1} << 63;
  // Tables of ours are smaller; a sanitizer maps terabytes.
  constexpr std::uintptr_t kMost = std::uintptr_t{1} << 30;
  if (end - begin > kMost) return;
  std::array<std::uint64_t, 256> entries{};
  for (std::uintptr_t at = begin; at < end; at += entries.size() * kPage) {
    const std::size_t wanted = std::min<std::size_t>((end - at) / kPage, entries.size());
    const ssize_t got = ::pread(pagemap, entries.data(), wanted * sizeof entries[0],
                                static_cast<off_t>(at / kPage * sizeof entries[0]));
    if (got <= 0) return;
    for (std::size_t page = 0; page < static_cast<std::size_t>(got) / sizeof entries[0]; ++page) {
      if ((entries.at(page) & kPresent) == 0) continue;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): maps give numbers.
      __atomic_fetch_or(reinterpret_cast<unsigned char*>(at + page * kPage), 0, __ATOMIC_RELAXED);
    }
  }
}

bool schedule(int policy) {
  sched_param parameters{};
  parameters.sched_priority = policy == SCHED_FIFO ? 1 : 0;
  return ::sched_setscheduler(0, policy | SCHED_RESET_ON_FORK, &parameters) == 0;
}

}  // namespace

std::int32_t own_process_id() {
  return ::getpid();
}

std::int32_t own_process_group() {
  return ::getpgrp();
}

void forget_program_pages() {
  const auto forget = [](dl_phdr_info* program, std::size_t, void*) {
    for (int index = 0; index < program->dlpi_phnum; ++index) {
      const auto& part = program->dlpi_phdr[index];
      // What is written to is not the file's any more.
      if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
      constexpr std::uintptr_t kPageMask = 4095;
      const std::uintptr_t begin = (program->dlpi_addr + part.p_vaddr) & ~kPageMask;
      const std::uintptr_t end = program->dlpi_addr + part.p_vaddr + part.p_memsz;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): program headers give numbers.
      static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
    }
    return 1;  // The first is the program itself.
  };
  ::dl_iterate_phdr(forget, nullptr);
  touch(oomkit_kept_code_begin, oomkit_kept_code_end);
  touch(oomkit_kept_data_begin, oomkit_kept_data_end);
}

int lock_memory() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return 0;
  if (errno != EINVAL) return errno;
  // Before 4.4.
  return ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? 0 : errno;
}

std::int32_t start_idle_process() {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return -errno;
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (::getppid() == parent)
    ::pause();
  ::_exit(0);
}

void bury_process(std::int32_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int refuse_to_be_chosen() {
  const FileDescriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return errno;
  constexpr char kNever[] = "-1000";
  return ::write(file.get(), kNever, sizeof kNever - 1) < 0 ? errno : 0;
}

int run_first() {
  if (schedule(SCHED_FIFO)) return 0;
  constexpr int kBest = -20;
  return ::setpriority(PRIO_PROCESS, 0, kBest) == 0 ? 0 : errno;
}

TakingTurns::TakingTurns()
    : was_first_((::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO &&
                 schedule(SCHED_OTHER)) {}

TakingTurns::~TakingTurns() {
  if (was_first_) schedule(SCHED_FIFO);
}

void Breath::begin() {
  since_ns_ = boot_time_ns();
}

void Breath::take_if_needed() {
  constexpr std::int64_t kLongest = 50'000'000;
  constexpr timespec kMoment{0, 1'000'000};
  if (boot_time_ns() - since_ns_ < kLongest) return;
  ::nanosleep(&kMoment, nullptr);
  begin();
}

std::size_t file_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int become_program(char* const* arguments) {
  ::execv("/proc/self/exe", arguments);
  return errno;
}

void name_process(const char* name) {
  ::prctl(PR_SET_NAME, name);
}

void give_back_free_memory() {
  ::malloc_trim(0);
}

void make_memory_ours() {
  const FileDescriptor maps(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  std::array<char, std::size_t{16} * 1024> buffer;
  std::size_t length = 0;
  while (length < buffer.size()) {
    const ssize_t got = ::read(maps.get(), buffer.data() + length, buffer.size() - length);
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  const FileDescriptor pagemap(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  std::string_view text(buffer.data(), length);
  while (!text.empty()) {
    // "00669000-00671000 rw-p 00000000 ..."
    Cursor line(take_line(text));
    const auto begin = line.take_integer<std::uintptr_t>(16);
    if (!begin || !line.take("-")) continue;
    const auto end = line.take_integer<std::uintptr_t>(16);
    if (end && line.take(" rw-p ")) write_to_pages(pagemap.get(), *begin, *end);
  }
}

void touch_stack() {
  constexpr std::size_t kDepth = std::size_t{64} * 1024;
  constexpr std::size_t kPage = 4096;
  std::array<volatile char, kDepth> room;
  for (std::size_t at = 0; at < room.size(); at += kPage)
    room[at] = 0;
}

}  // namespace oomkit
