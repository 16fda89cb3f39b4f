// The door through which processes are ended and cgroups are told what to do, when memory
// is short.
//
// Nothing behind it allocates, forks, locks or throws: it may be used by a program whose next
// page fault could wait for the very memory that it is about to free. Errors are the kernel's
// numbers. The fake (io/fake_kill_door.h) has processes and cgroups made up in memory, and a
// clock that only waiting moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace oomkit {

// A process is the pair: pids are given again, and then with another start. The start is
// field 22 of /proc/PID/stat, in clock ticks since boot.
struct KillTarget {
  std::int32_t pid = 0;
  std::uint64_t start_ticks = 0;

  friend bool operator==(const KillTarget&, const KillTarget&) = default;
};

// What a system call that gives a number gave: that, or why not.
struct DoorNumber {
  int error = 0;
  std::int64_t value = 0;
};

struct DoorText {
  int error = 0;
  std::string_view text;  // In the caller's buffer.
  bool is_cut = false;    // There is more than the buffer holds.
};

// Called for a cgroup and for each one below it, with its folder open as long as the call lasts.
class GroupVisitor {
 public:
  virtual ~GroupVisitor() = default;
  virtual void visit(int folder) = 0;
};

// Whether a signal is for a process or for its whole process group.
enum class SignalReach { process, process_group };

class KillDoor {
 public:
  virtual ~KillDoor() = default;

  // A handle on whoever has that pid now: it stays with that process and never comes to mean
  // another one.
  virtual DoorNumber open_process(std::int32_t pid) = 0;
  virtual void close_process(int handle) = 0;
  virtual DoorNumber start_ticks(std::int32_t pid) = 0;
  virtual int send_signal(int handle, int signal, SignalReach reach) = 0;
  // For kernels without pidfds (before 5.3), and where there is no memory for one: a pid that
  // was given again a moment ago would be hit.
  virtual int send_signal_to_pid(std::int32_t pid, int signal) = 0;
  // process_mrelease (5.15): takes the memory of a process that is being killed.
  virtual int release_memory(int handle) = 0;
  // Whether all of its threads are gone. A zombie main thread with living threads is not gone.
  virtual bool is_gone(int handle) = 0;

  // `folder` is a folder that is kept open, `name` a file in it. A value goes in one write.
  virtual int write_file(int folder, const char* name, std::string_view value) = 0;
  virtual DoorText read_file(int folder, const char* name, std::span<char> buffer) = 0;
  virtual void walk_groups(int folder, GroupVisitor& visitor) = 0;

  virtual int press_sysrq(char letter) = 0;

  // Since boot.
  virtual std::int64_t now_ns() = 0;
  // Until one of the processes is gone (or one of other descriptors among them has something
  // to read), at most that long.
  virtual void wait_any(std::span<const int> handles, std::int64_t timeout_ns) = 0;
};

}  // namespace oomkit
