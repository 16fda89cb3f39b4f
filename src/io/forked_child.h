// A copy of this process that runs one function: for what must be a process of its own and
// is no program.
//
// Only while this process has one thread. The child has the signals' default actions, is in a
// process group of its own, and never outlives its owner: it is ended with the object, and by
// the kernel when the owner's thread ends in any other way.
#pragma once

#include <functional>

#include <sys/types.h>

#include "core/result.h"

namespace oomkit {

class ForkedChild {
 public:
  // The child ends when `run` returns.
  static Result<ForkedChild> start(const std::function<void()>& run);

  ForkedChild(ForkedChild&& other) noexcept;
  ForkedChild& operator=(ForkedChild&&) = delete;
  ForkedChild(const ForkedChild&) = delete;
  ForkedChild& operator=(const ForkedChild&) = delete;
  ~ForkedChild();

 private:
  explicit ForkedChild(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
};

}  // namespace oomkit
