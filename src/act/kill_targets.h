// The processes of one kill, each held by a handle that cannot come to mean another one.
//
// A pid alone is no name: between a decision and its signal the process may have ended and
// its pid be given again. So first a handle is taken, and then it is asked whether whoever
// has the pid now began when our process did. The order matters: the handle stays with its
// process, and a process that got the pid later has a later start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "act/kill_order.h"
#include "io/kill_door.h"

namespace oomkit {

// How a signal or a reaping went, summed over the targets.
struct TargetTally {
  std::int32_t reached = 0;
  std::int32_t missed = 0;
  std::int32_t error = 0;  // Of the first that was missed.

  void count(int kernel_error);
};

class KillTargets {
 public:
  static constexpr std::size_t kMax = 512;
  static constexpr std::size_t kProtectedMax = 8;

  explicit KillTargets(KillDoor& door) : door_(door) {}
  ~KillTargets() { clear(); }
  KillTargets(const KillTargets&) = delete;
  KillTargets& operator=(const KillTargets&) = delete;

  // Never signalled, whoever orders it: init, the guard itself and its helper.
  void protect(std::int32_t pid);
  // Another process has taken the place of `old`, which is gone.
  void protect_instead(std::int32_t old, std::int32_t pid);
  bool is_protected(std::int32_t pid) const;

  void clear();

  // The process, if it is still the same. EALREADY: it is gone; ESTALE: its pid is another's;
  // EPERM: it is protected; ENOSPC: there is no room for more.
  int add(KillTarget id);
  // A handle on whoever has the pid now, which counts only once `keep_checked` says so.
  int add_unchecked(std::int32_t pid);
  // Of the unchecked ones those that `pids`, ascending, has; the others are let go.
  void keep_checked(std::span<const std::int32_t> pids);

  TargetTally signal_all(int signal, SignalReach reach_of_first);
  TargetTally reap_all();
  // They were sent SIGKILL in another way: by cgroup.kill.
  void mark_killed();

  // Asks which have ended since; the number of those that have not.
  std::size_t refresh();
  std::size_t alive() const { return alive_; }
  // What can be waited for: one of those that have not ended, since all of them must end. Woken by
  // each of hundreds, and asking all each time, the guard would stand in their way.
  std::span<const int> handles();
  // Some are known by pid alone: they must be asked from time to time.
  bool needs_asking() const { return by_pid_ > 0; }
  bool is_full() const { return held_ == kMax; }

 private:
  enum class State : std::uint8_t { unchecked, alive, gone };
  struct Target {
    KillTarget id;
    int handle = -1;  // -1: the kernel gave none, and the pid must do.
    State state = State::alive;
    bool is_killed = false;
  };

  bool has(std::int32_t pid) const;
  int put(KillTarget id, int handle, State state);
  void let_go(Target& target);
  bool is_same(const Target& target) const;
  int signal_one(Target& target, int signal, SignalReach reach);

  KillDoor& door_;
  std::array<Target, kMax> targets_{};
  std::size_t count_ = 0;  // Places in use so far; those of the gone are used again.
  std::size_t held_ = 0;
  std::size_t alive_ = 0;
  std::size_t by_pid_ = 0;
  int waited_for_ = -1;  // A handle.
  std::array<std::int32_t, kProtectedMax> protected_{};
  std::size_t protected_count_ = 0;
};

}  // namespace oomkit
