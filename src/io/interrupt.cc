#include "io/interrupt.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/check.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM};

// What the handler may touch.
std::atomic<int> watched{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void tell(int number) {
  static_cast<void>(number);
  const int before = errno;
  const std::uint64_t one = 1;
  const ssize_t told = ::write(watched.load(), &one, sizeof one);
  static_cast<void>(told);  // Full only if it has been told already.
  errno = before;
}

void set_handlers(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  for (const int number : kSignals)
    ::sigaction(number, &action, nullptr);
}

}  // namespace

Result<Interrupt> Interrupt::watch() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return tl::unexpected(system_error("eventfd", "cannot be made", errno));
  OOMKIT_CHECK(watched.exchange(fd) == -1, "one interrupt is watched for at a time");
  // SA_RESETHAND: the second ^C is not ours.
  set_handlers(tell, static_cast<int>(SA_RESETHAND) | SA_RESTART);
  return Interrupt(fd);
}

Interrupt::Interrupt(Interrupt&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Interrupt::~Interrupt() {
  if (fd_ < 0) return;
  set_handlers(SIG_DFL, 0);
  watched = -1;
  ::close(fd_);
}

bool Interrupt::happened() const {
  pollfd wait{fd_, POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

}  // namespace oomkit
