#include "act/kill_targets.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/check.h"

namespace oomkit {
namespace {

// Where no handle can be had, though the process may be there: a kernel before 5.3, no
// descriptor left, no memory for one.
bool lacks_handles(int error) {
  return error == ENOSYS || error == EMFILE || error == ENFILE || error == ENOMEM || error == EPERM;
}

}  // namespace

void TargetTally::count(int kernel_error) {
  if (kernel_error == 0) {
    ++reached;
    return;
  }
  ++missed;
  if (error == 0) error = kernel_error;
}

void KillTargets::protect(std::int32_t pid) {
  OOMKIT_CHECK(protected_count_ < kProtectedMax, "more protected processes than there is room for");
  protected_[protected_count_++] = pid;
}

void KillTargets::protect_instead(std::int32_t old, std::int32_t pid) {
  std::replace(protected_.data(), protected_.data() + protected_count_, old, pid);
}

bool KillTargets::is_protected(std::int32_t pid) const {
  const auto* const end = protected_.data() + protected_count_;
  return pid <= 1 || std::find(protected_.data(), end, pid) != end;
}

void KillTargets::clear() {
  for (std::size_t index = 0; index < count_; ++index)
    let_go(targets_[index]);
  count_ = 0;
}

void KillTargets::let_go(Target& target) {
  if (target.state == State::gone) return;
  --held_;
  if (target.state == State::alive) {
    --alive_;
    if (target.handle < 0) --by_pid_;
  }
  if (target.handle >= 0) door_.close_process(target.handle);
  target.handle = -1;
  target.state = State::gone;
}

bool KillTargets::has(std::int32_t pid) const {
  return std::any_of(
      targets_.begin(), targets_.begin() + static_cast<std::ptrdiff_t>(count_),
      [&](const Target& target) { return target.id.pid == pid && target.state != State::gone; });
}

int KillTargets::put(KillTarget id, int handle, State state) {
  Target* place = targets_.data() + count_;
  if (count_ < kMax) {
    ++count_;
  } else {
    place = std::find_if(targets_.begin(), targets_.end(),
                         [](const Target& target) { return target.state == State::gone; });
  }
  *place = {id, handle, state, false};
  ++held_;
  if (state == State::alive) {
    ++alive_;
    if (handle < 0) ++by_pid_;
  }
  return 0;
}

int KillTargets::add(KillTarget id) {
  if (is_protected(id.pid)) return EPERM;
  if (has(id.pid)) return 0;
  if (is_full()) return ENOSPC;
  const DoorNumber opened = door_.open_process(id.pid);
  if (opened.error != 0 && !lacks_handles(opened.error))
    return opened.error == ESRCH ? EALREADY : opened.error;
  const int handle = opened.error == 0 ? static_cast<int>(opened.value) : -1;
  const DoorNumber start = door_.start_ticks(id.pid);
  const bool is_same =
      start.error == 0 && static_cast<std::uint64_t>(start.value) == id.start_ticks;
  const bool is_over = is_same && handle >= 0 && door_.is_gone(handle);
  if (is_same && !is_over) return put(id, handle, State::alive);
  if (handle >= 0) door_.close_process(handle);
  if (is_over || start.error == ESRCH) return EALREADY;
  return start.error != 0 ? start.error : ESTALE;
}

int KillTargets::add_unchecked(std::int32_t pid) {
  if (is_protected(pid)) return EPERM;
  if (has(pid)) return 0;
  if (is_full()) return ENOSPC;
  const DoorNumber opened = door_.open_process(pid);
  if (opened.error == 0) return put({pid, 0}, static_cast<int>(opened.value), State::unchecked);
  if (!lacks_handles(opened.error)) return opened.error == ESRCH ? EALREADY : opened.error;
  const DoorNumber start = door_.start_ticks(pid);
  if (start.error != 0) return start.error == ESRCH ? EALREADY : start.error;
  return put({pid, static_cast<std::uint64_t>(start.value)}, -1, State::unchecked);
}

void KillTargets::keep_checked(std::span<const std::int32_t> pids) {
  for (std::size_t index = 0; index < count_; ++index) {
    Target& target = targets_[index];
    if (target.state != State::unchecked) continue;
    if (!std::binary_search(pids.begin(), pids.end(), target.id.pid)) {
      let_go(target);
      continue;
    }
    target.state = State::alive;
    ++alive_;
    if (target.handle < 0) ++by_pid_;
  }
}

bool KillTargets::is_same(const Target& target) const {
  const DoorNumber start = door_.start_ticks(target.id.pid);
  return start.error == 0 && static_cast<std::uint64_t>(start.value) == target.id.start_ticks;
}

int KillTargets::signal_one(Target& target, int signal, SignalReach reach) {
  int error = 0;
  if (target.handle < 0) {
    if (!is_same(target)) return ESRCH;
    error = door_.send_signal_to_pid(target.id.pid, signal);
  } else {
    error = door_.send_signal(target.handle, signal, reach);
    // A kernel that does not know process groups here: each member is in the list as well.
    if (error == EINVAL && reach == SignalReach::process_group)
      error = door_.send_signal(target.handle, signal, SignalReach::process);
  }
  if (error == 0 && signal == SIGKILL) target.is_killed = true;
  return error;
}

TargetTally KillTargets::signal_all(int signal, SignalReach reach_of_first) {
  TargetTally tally;
  SignalReach reach = reach_of_first;
  for (std::size_t index = 0; index < count_; ++index) {
    Target& target = targets_[index];
    // What has its SIGKILL already needs no other.
    if (target.state == State::alive && !target.is_killed) {
      const int error = signal_one(target, signal, reach);
      if (error == ESRCH) {
        let_go(target);
      } else {
        tally.count(error);
      }
    }
    reach = SignalReach::process;
  }
  return tally;
}

TargetTally KillTargets::reap_all() {
  TargetTally tally;
  for (std::size_t index = 0; index < count_; ++index) {
    const Target& target = targets_[index];
    if (target.state != State::alive || !target.is_killed || target.handle < 0) continue;
    int error = EAGAIN;
    constexpr int kTries = 3;  // The lock on its memory may be held for a moment.
    for (int tries = 0; tries < kTries && error == EAGAIN; ++tries)
      error = door_.release_memory(target.handle);
    // ESRCH: its memory is gone already, which is what was wanted.
    if (error != ESRCH) tally.count(error);
  }
  return tally;
}

void KillTargets::mark_killed() {
  for (std::size_t index = 0; index < count_; ++index)
    targets_[index].is_killed = true;
}

std::size_t KillTargets::refresh() {
  for (std::size_t index = 0; index < count_; ++index) {
    Target& target = targets_[index];
    if (target.state != State::alive) continue;
    const bool is_gone = target.handle >= 0 ? door_.is_gone(target.handle) : !is_same(target);
    if (is_gone) let_go(target);
  }
  return alive_;
}

std::span<const int> KillTargets::handles() {
  // They end about in the order in which they were told to.
  for (std::size_t index = count_; index > 0; --index) {
    const Target& target = targets_[index - 1];
    if (target.state != State::alive || target.handle < 0) continue;
    waited_for_ = target.handle;
    return {&waited_for_, 1};
  }
  return {};
}

}  // namespace oomkit
