// What the kernel tells of its own accord: eventfds of cgroup v1, changes of memory.events,
// pressure triggers. Each listener is one open file that poll() can wait for.
#pragma once

#include <span>
#include <vector>

#include "core/result.h"
#include "guest/plan.h"

namespace oomkit::guest {

class Listener {
 public:
  // Registers with the kernel; a refusal names the file.
  static Result<Listener> create(const Stage& stage, const ListenerSpec& spec);

  const ListenerSpec& spec() const { return *spec_; }
  int file() const { return file_; }
  short poll_events() const { return poll_events_; }
  // After poll() said so: makes ready for the next time. True when it was a notice.
  bool take(short revents, std::span<char> buffer);
  bool is_spent() const { return fired_ >= spec_->times; }

 private:
  const ListenerSpec* spec_ = nullptr;
  int file_ = -1;
  short poll_events_ = 0;
  bool is_eventfd_ = false;
  int fired_ = 0;
};

// What one poll() has room for.
constexpr std::size_t kListenersMax = 59;

Result<std::vector<Listener>> create_listeners(const Plan& plan);

}  // namespace oomkit::guest
