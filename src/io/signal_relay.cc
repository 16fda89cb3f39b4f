#include "io/signal_relay.h"

#include <cerrno>
#include <utility>

#include <sys/signalfd.h>
#include <unistd.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr int kRelayed[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

bool is_ignored(int number) {
  struct sigaction action {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<SignalRelay> SignalRelay::create() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int number : kRelayed) {
    if (!is_ignored(number)) ::sigaddset(&wanted, number);
  }
  // An ignored SIGCHLD would make children vanish without their status.
  ::signal(SIGCHLD, SIG_DFL);
  ::sigaddset(&wanted, SIGCHLD);
  sigset_t before;
  if (::sigprocmask(SIG_BLOCK, &wanted, &before) != 0)
    return tl::unexpected(system_error("signals", "cannot be held", errno));
  FileDescriptor fd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd.get() < 0) {
    const int reason = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return tl::unexpected(system_error("signalfd", "cannot be made", reason));
  }
  return SignalRelay(std::move(fd), before);
}

SignalRelay::SignalRelay(SignalRelay&& other) noexcept
    : fd_(std::move(other.fd_)),
      before_(other.before_),
      owner_(std::exchange(other.owner_, false)) {}

SignalRelay::~SignalRelay() {
  if (!owner_) return;
  // What came and was not read is answered by what we do anyway: we end.
  while (next()) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<RelayedSignal> SignalRelay::next() {
  signalfd_siginfo info{};
  const ssize_t got = ::read(fd_.get(), &info, sizeof info);
  if (got != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return RelayedSignal{static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL};
}

void SignalRelay::restore() const {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  // This program ignores it for itself.
  ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace oomkit
