#include "io/kill_door_real.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/fixed_text.h"
#include "core/text.h"
#include "io/kept_file.h"
#include "io/kept_folder.h"
#include "io/own_process.h"

// Numbers that are the same on every architecture, for C libraries that do not know them yet.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

namespace oomkit {
namespace {

constexpr std::size_t kWatchedMax = 1024;
constexpr int kDepthMax = 16;
constexpr unsigned kSignalProcessGroup = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP, 6.9

int error_of(long result) {
  return result < 0 ? errno : 0;
}

// Field 22, counted after the name, which may hold anything, and ends at the last bracket.
DoorNumber start_of_stat(std::string_view stat) {
  const std::size_t bracket = stat.rfind(')');
  if (bracket == std::string_view::npos) return {EBADMSG, 0};
  Cursor cursor(stat.substr(bracket + 1));
  constexpr int kFieldsBefore = 19;  // The state is the third field.
  for (int field = 0; field < kFieldsBefore; ++field) {
    cursor.skip_spaces();
    if (!cursor.take_until(" ")) return {EBADMSG, 0};
  }
  const auto start = cursor.take_integer<std::int64_t>();
  return start ? DoorNumber{0, *start} : DoorNumber{EBADMSG, 0};
}

class RealKillDoor final : public KillDoor {
 public:
  RealKillDoor(FileDescriptor proc, FileDescriptor sysrq, int sysrq_error)
      : proc_(std::move(proc)), sysrq_(std::move(sysrq)), sysrq_error_(sysrq_error) {}

  DoorNumber open_process(std::int32_t pid) override {
    const long handle = ::syscall(SYS_pidfd_open, pid, 0);
    return handle < 0 ? DoorNumber{errno, 0} : DoorNumber{0, handle};
  }
  void close_process(int handle) override { ::close(handle); }

  DoorNumber start_ticks(std::int32_t pid) override {
    const FixedText<32> path(pid, "/stat");
    std::array<char, 1024> buffer;
    const DoorText stat = read_file(proc_.get(), path.c_str(), buffer);
    // A process that ends while it is read, and one that is not there: the same to us.
    if (stat.error != 0) return {stat.error == ENOENT ? ESRCH : stat.error, 0};
    return start_of_stat(stat.text);
  }

  int send_signal(int handle, int signal, SignalReach reach) override {
    const unsigned flags = reach == SignalReach::process_group ? kSignalProcessGroup : 0;
    return error_of(::syscall(SYS_pidfd_send_signal, handle, signal, nullptr, flags));
  }
  int send_signal_to_pid(std::int32_t pid, int signal) override {
    return error_of(::kill(pid, signal));
  }
  int release_memory(int handle) override {
    // Half a second of work for a large victim. Done before all others it would hold up those
    // for whom it is done, and the victim does the same work beside us.
    const TakingTurns in_turns;
    return error_of(::syscall(SYS_process_mrelease, handle, 0));
  }
  bool is_gone(int handle) override {
    pollfd polled{handle, POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0 && (polled.revents & POLLIN) != 0;
  }

  int write_file(int folder, const char* name, std::string_view value) override {
    const FileDescriptor file(
        ::openat(folder, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0) return errno;
    return error_of(::write(file.get(), value.data(), value.size()));
  }
  DoorText read_file(int folder, const char* name, std::span<char> buffer) override {
    return read_kept_folder(folder, name, buffer);
  }
  void walk_groups(int folder, GroupVisitor& visitor) override { walk(folder, visitor, 0); }

  int press_sysrq(char letter) override {
    if (sysrq_.get() < 0) return sysrq_error_;
    return error_of(::write(sysrq_.get(), &letter, 1));
  }

  std::int64_t now_ns() override { return boot_time_ns(); }

  void wait_any(std::span<const int> handles, std::int64_t timeout_ns) override {
    const std::size_t count = std::min(handles.size(), kWatchedMax);
    for (std::size_t index = 0; index < count; ++index)
      watched_[index] = {handles[index], POLLIN, 0};
    constexpr std::int64_t kSecond = 1'000'000'000;
    const timespec timeout{timeout_ns / kSecond, timeout_ns % kSecond};
    static_cast<void>(::ppoll(watched_.data(), count, &timeout, nullptr));
  }

 private:
  // Only so deep: each level takes a descriptor and a piece of the stack.
  void walk(int folder, GroupVisitor& visitor, int depth) {
    visitor.visit(folder);
    if (depth == kDepthMax) return;
    const FileDescriptor list = open_folder_below(folder, ".");
    if (list.get() < 0) return;
    std::array<char, 2048> buffer;
    FolderList entries(list.get(), buffer);
    FolderEntry entry;
    while (entries.next(entry)) {
      if (!entry.is_folder) continue;
      const FileDescriptor below = open_folder_below(folder, entry.name);
      if (below.get() >= 0) walk(below.get(), visitor, depth + 1);
    }
  }

  FileDescriptor proc_;
  FileDescriptor sysrq_;
  int sysrq_error_;
  std::array<pollfd, kWatchedMax> watched_{};
};

}  // namespace

Result<std::unique_ptr<KillDoor>> make_kill_door() {
  FileDescriptor proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (proc.get() < 0)
    return fail(ErrorCode::unsupported, std::string("/proc: cannot open: ") + std::strerror(errno));
  FileDescriptor sysrq(::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC));
  const int sysrq_error = sysrq.get() < 0 ? errno : 0;
  return std::make_unique<RealKillDoor>(std::move(proc), std::move(sysrq), sysrq_error);
}

}  // namespace oomkit
