// Signals that are meant for a command that we run, taken in our place and seen in order.
//
// While a SignalRelay lives, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGCHLD
// do nothing by themselves; they are read from descriptor(). Whether the terminal sent one,
// and so to the command as well, is told with it. A signal that was ignored when we started
// (nohup, a shell's background job) stays so. One at a time.
#pragma once

#include <csignal>
#include <optional>

#include "core/result.h"
#include "io/file_source.h"

namespace oomkit {

struct RelayedSignal {
  int number = 0;
  bool from_terminal = false;  // The kernel sent it to the whole foreground group.
};

class SignalRelay {
 public:
  static Result<SignalRelay> create();

  SignalRelay(SignalRelay&& other) noexcept;
  SignalRelay& operator=(SignalRelay&&) = delete;
  SignalRelay(const SignalRelay&) = delete;
  SignalRelay& operator=(const SignalRelay&) = delete;
  ~SignalRelay();

  int descriptor() const { return fd_.get(); }
  // The next one, without waiting for it.
  std::optional<RelayedSignal> next();

  // In a child before exec: signals as they were for us.
  void restore() const;

 private:
  SignalRelay(FileDescriptor fd, const sigset_t& before) : fd_(std::move(fd)), before_(before) {}

  FileDescriptor fd_;
  sigset_t before_;
  bool owner_ = true;
};

}  // namespace oomkit
