#include "pulse.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest/clock.h"
#include "guest/proc_text.h"
#include "guest/small_file.h"

namespace oomkit::bench {
namespace {

using guest::kNanosecondsPerMillisecond;
using guest::now_ns;

constexpr std::int64_t kLookNs = 50 * kNanosecondsPerMillisecond;
constexpr std::size_t kUsed = 2 << 20;  // Of the heartbeat's own memory.
constexpr std::size_t kPage = 4096;
constexpr const char* kHeartbeatCgroup = "/sys/fs/cgroup/system.slice/heartbeat.service";

std::int64_t boot_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * guest::kNanosecondsPerSecond + now.tv_nsec;
}

Pulse* map_pulse() {
  const int file = open(kPulseFile, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, kPage) != 0) return nullptr;
  void* const page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return page == MAP_FAILED ? nullptr : static_cast<Pulse*>(page);
}

// Microseconds in which all waited, since boot.
std::int64_t full_of(const std::string& path, std::span<char> buffer) {
  return guest::pressure_total(guest::read_file(path.c_str(), buffer).text, "full").value_or(0);
}

// Memory is short where less than a tenth is left, or where all waited for a tenth of a second.
class ShortageWatch {
 public:
  ShortageWatch(Pulse& pulse, const char* limited) : pulse_(pulse) {
    paths_[0] = "/proc/pressure/memory";
    if (*limited != 0)
      paths_[1] = std::string("/sys/fs/cgroup").append(limited).append("/memory.pressure");
  }

  void look() {
    const auto text = guest::read_file("/proc/meminfo", buffer_).text;
    const auto bytes = [&](std::string_view name) {
      return guest::number_of(text, name).value_or(0);
    };
    const std::int64_t left = bytes("MemAvailable:") + bytes("SwapFree:");
    constexpr std::int64_t kShort = 10;
    bool is_short = left < bytes("MemTotal:") / kShort;
    pulse_.least_left = std::min(pulse_.least_left, left);
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      if (paths_[i].empty()) continue;
      const std::int64_t full = full_of(paths_[i], buffer_);
      constexpr std::int64_t kStalledUs = 100'000;
      std::array<std::int64_t, kLooks>& before = before_.at(i);
      is_short = is_short || (looks_ >= kLooks && full - before.at(looks_ % kLooks) > kStalledUs);
      before.at(looks_ % kLooks) = full;
    }
    ++looks_;
    if (!is_short) return;
    pulse_.short_last_ns = boot_ns();
    if (pulse_.short_since_ns == 0) pulse_.short_since_ns = pulse_.short_last_ns;
  }

 private:
  static constexpr std::size_t kLooks = 20;  // A second of them.

  Pulse& pulse_;
  std::array<std::string, 2> paths_;
  std::array<std::array<std::int64_t, kLooks>, 2> before_{};
  std::size_t looks_ = 0;
  std::array<char, 8192> buffer_{};
};

[[noreturn]] void observe(Pulse& pulse, const char* limited) {
  prctl(PR_SET_NAME, "observer");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  ShortageWatch watch(pulse, limited);
  mlockall(MCL_CURRENT | MCL_FUTURE);
  sched_param first{};
  first.sched_priority = 1;
  sched_setscheduler(0, SCHED_FIFO, &first);
  for (std::int64_t due = now_ns();; due = std::max(due + kLookNs, now_ns())) {
    guest::sleep_until_ns(due);
    watch.look();
  }
}

void join_cgroup(const char* folder) {
  mkdir(folder, 0755);
  guest::write_file(std::string(folder).append("/cgroup.procs").c_str(), "0");
}

}  // namespace

Result<Pulse*> start_pulse(const char* program, const char* limited) {
  Pulse* const pulse = map_pulse();
  if (pulse == nullptr) return fail(ErrorCode::io, "the heartbeat has no page to write into");
  pulse->least_left = INT64_MAX;
  mlock(pulse, kPage);
  const pid_t observer = fork();
  if (observer == 0) observe(*pulse, limited);
  const pid_t heartbeat = fork();
  if (heartbeat == 0) {
    guest::write_file("/proc/self/oom_score_adj", "0");
    join_cgroup(kHeartbeatCgroup);
    execl(program, "heartbeat", nullptr);
    _exit(127);
  }
  if (observer < 0 || heartbeat < 0)
    return fail(ErrorCode::io, "cannot fork: " + std::string(guest::error_sentence(errno)));
  pulse->pid = heartbeat;
  return pulse;
}

void beat() {
  Pulse* const pulse = map_pulse();
  auto* const used = static_cast<volatile char*>(std::malloc(kUsed));
  if (pulse == nullptr || used == nullptr) _exit(1);
  std::int64_t due = now_ns();
  while (true) {
    due += kBeatNs;
    guest::sleep_until_ns(due);
    for (std::size_t at = 0; at < kUsed; at += kPage)
      used[at] = used[at] + 1;
    const std::int64_t now = now_ns();
    const std::int64_t gap = now - due;
    if (gap > pulse->longest_gap_ns) {
      pulse->longest_gap_ns = gap;
      pulse->longest_gap_end_ns = now;
    }
    if (gap > kGapCounts) pulse->stalled_ns += gap;
    ++pulse->beats;
    pulse->last_beat_ns = now;
    due = now;
  }
}

}  // namespace oomkit::bench
