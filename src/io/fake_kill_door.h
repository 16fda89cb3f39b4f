// Processes and cgroups that are made up: whoever ends processes is tested on them, and shows
// without harm what it would have done.
//
// Time goes on only by waiting. A process has a way of dying (at once, late, never, only by
// SIGKILL), pids can be given again, cgroups have files and members, and every call can be made
// to fail as the kernel would. What was asked for is in `log`, a line each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/kill_door.h"

namespace oomkit {

class FakeKillDoor final : public KillDoor {
 public:
  struct Process {
    std::uint64_t start_ticks = 0;
    std::string group = {};  // The cgroup that it is in, "" for none.
    bool ignores_term = false;
    std::int64_t exit_ns = 0;  // From a deadly signal to its end.
    bool is_stuck = false;     // It does not die at all: state D.
    std::int64_t bytes = 0;    // What its end, or its reaping, gives back.
    int forks_on_signal = 0;   // So many children it leaves in its cgroup when it dies.
    // Of the fake.
    std::int64_t dies_at_ns = -1;
    bool is_gone = false;
    bool is_reaped = false;
  };
  struct Group {
    std::map<std::string, std::string> files;  // Without cgroup.procs.
    bool is_frozen = false;
  };

  // A later process may have the pid of an earlier one.
  void start(std::int32_t pid, const Process& process);
  // `path` as "a/b"; the number is its folder. A cgroup v2 of 5.14 unless told otherwise.
  int make_group(const std::string& path);
  // The file is not there, as on a kernel that is too old for it.
  void remove_file(const std::string& group, const std::string& file);
  void put_file(const std::string& group, const std::string& file, const std::string& text);
  // Calls of that name fail with this number, `times` times; "open", "signal", "release",
  // "group", "sysrq", or the name of a file.
  void fail(const std::string& call, int error, int times = INT32_MAX);

  bool is_running(std::int32_t pid) const;
  std::int64_t freed_bytes() const { return freed_bytes_; }
  std::size_t open_handles() const { return handles_.size(); }
  std::string file(const std::string& group, const std::string& name) const;
  void let_time_pass(std::int64_t ns);

  DoorNumber open_process(std::int32_t pid) override;
  void close_process(int handle) override;
  DoorNumber start_ticks(std::int32_t pid) override;
  int send_signal(int handle, int signal, SignalReach reach) override;
  int send_signal_to_pid(std::int32_t pid, int signal) override;
  int release_memory(int handle) override;
  bool is_gone(int handle) override;
  int write_file(int folder, const char* name, std::string_view value) override;
  DoorText read_file(int folder, const char* name, std::span<char> buffer) override;
  void walk_groups(int folder, GroupVisitor& visitor) override;
  int press_sysrq(char letter) override;
  std::int64_t now_ns() override { return now_ns_; }
  void wait_any(std::span<const int> handles, std::int64_t timeout_ns) override;

  std::vector<std::string> log;

 private:
  // Every process that ever was, for a handle stays with its process.
  struct Entry {
    std::int32_t pid = 0;
    Process process;
  };

  int failure(const std::string& call);
  Entry* running(std::int32_t pid);
  Entry* of_handle(int handle);
  int deliver(Entry& entry, int signal);
  void kill_group(const std::string& path);
  void settle_deaths();
  void end(std::size_t index);
  const std::string& path_of(int folder) const { return paths_[static_cast<std::size_t>(folder)]; }

  std::vector<Entry> entries_;
  std::map<int, std::size_t> handles_;
  std::map<std::string, Group> groups_;
  std::vector<std::string> paths_;
  struct Failure {
    int error = 0;
    int times = 0;
  };
  std::map<std::string, Failure> failures_;
  std::int64_t now_ns_ = 1'000'000'000;
  std::int64_t freed_bytes_ = 0;
  int next_handle_ = 100;
  std::int32_t next_pid_ = 100'000;
};

}  // namespace oomkit
