#include "stuck.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/clock.h"
#include "guest/small_file.h"

namespace oomkit::bench {
namespace {

constexpr std::int64_t kBytesASecond = 30 << 20;
constexpr std::size_t kPiece = 256 << 10;
constexpr const char* kCgroup = "/sys/fs/cgroup/system.slice/stuck.service";

pid_t stuck_pid = -1;

// Uninterruptible, for good: the root file system takes no more writes.
void wait_for_the_frozen() {
  const int root = open("/", O_RDONLY | O_CLOEXEC);
  const int file = open("/opt/oom/stuck", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ioctl(root, FIFREEZE, 0);
  const ssize_t written = write(file, "x", 1);
  std::abort();  // Thawed: not this machine.
  static_cast<void>(written);
}

[[noreturn]] void grow_beside_it(std::int64_t delay_ms) {
  prctl(PR_SET_NAME, "stuck");
  guest::write_file("/proc/self/oom_score_adj", "0");
  mkdir(kCgroup, 0755);
  guest::write_file((std::string(kCgroup) + "/cgroup.procs").c_str(), "0");
  std::int64_t due = guest::now_ns() + delay_ms * guest::kNanosecondsPerMillisecond;
  guest::sleep_until_ns(due);
  std::thread waiting(wait_for_the_frozen);
  while (true) {
    void* const piece =
        mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece != MAP_FAILED) {
      for (std::size_t at = 0; at < kPiece; at += 4096)
        static_cast<volatile char*>(piece)[at] = 1;
    }
    due += guest::kNanosecondsPerSecond * static_cast<std::int64_t>(kPiece) / kBytesASecond;
    guest::sleep_until_ns(due);
  }
}

}  // namespace

void start_stuck(const std::string& delay_ms) {
  std::int64_t delay = 0;
  std::from_chars(delay_ms.data(), delay_ms.data() + delay_ms.size(), delay);
  stuck_pid = fork();
  if (stuck_pid == 0) grow_beside_it(delay);
}

bool stuck_lives() {
  // Pending or not, SIGKILL shows: bit 8 of ShdPnd or SigPnd.
  std::array<char, 4096> buffer{};
  const std::string path = "/proc/" + std::to_string(stuck_pid) + "/status";
  const std::string status(guest::read_file(path.c_str(), buffer).text);
  constexpr std::uint64_t kKill = std::uint64_t{1} << (SIGKILL - 1);
  for (const char* line : {"SigPnd:\t", "ShdPnd:\t"}) {
    const std::size_t at = status.find(line);
    if (at == std::string::npos) return false;
    if ((std::strtoull(status.c_str() + at + 8, nullptr, 16) & kKill) != 0) return false;
  }
  return true;
}

}  // namespace oomkit::bench
