// ^C and a polite request to end (SIGINT, SIGTERM), as something that can be waited for.
//
// While an Interrupt lives, the first of the two signals makes descriptor() readable, for
// everyone who waits on it, and ends nothing by itself; a second one ends the program at
// once. One at a time.
#pragma once

#include <optional>

#include "core/result.h"

namespace oomkit {

class Interrupt {
 public:
  static Result<Interrupt> watch();

  Interrupt(Interrupt&& other) noexcept;
  Interrupt& operator=(Interrupt&&) = delete;
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt();

  int descriptor() const { return fd_; }
  bool happened() const;

 private:
  explicit Interrupt(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace oomkit
