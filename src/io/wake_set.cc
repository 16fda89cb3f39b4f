#include "io/wake_set.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "core/fixed_text.h"

namespace oomkit {
namespace {

constexpr std::size_t kHandlesMax = 1024;

}  // namespace

Result<WakeSet> WakeSet::create() {
  FileDescriptor set(::epoll_create1(EPOLL_CLOEXEC));
  if (set.get() < 0)
    return fail(ErrorCode::io, std::string("epoll: cannot make: ") + std::strerror(errno));
  return WakeSet(std::move(set));
}

int WakeSet::add(int file, unsigned tag, bool urgent) {
  epoll_event event{};
  event.events = urgent ? EPOLLPRI : EPOLLIN;
  event.data.u32 = tag;
  return ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, file, &event) == 0 ? 0 : errno;
}

std::uint32_t WakeSet::wait(std::span<const int> handles, std::int64_t timeout_ns) {
  std::array<pollfd, kHandlesMax + 1> polled;
  polled[0] = {set_.get(), POLLIN, 0};
  const std::size_t count = std::min(handles.size(), kHandlesMax);
  for (std::size_t index = 0; index < count; ++index)
    polled[index + 1] = {handles[index], POLLIN, 0};
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t wait_ns = std::max<std::int64_t>(0, timeout_ns);
  const timespec timeout{wait_ns / kSecond, wait_ns % kSecond};
  if (::ppoll(polled.data(), count + 1, &timeout, nullptr) <= 0) return 0;
  constexpr int kEventsMax = 16;
  std::array<epoll_event, kEventsMax> events{};
  const int ready = ::epoll_wait(set_.get(), events.data(), kEventsMax, 0);
  std::uint32_t tags = 0;
  for (int index = 0; index < ready; ++index)
    tags |= 1U << events[static_cast<std::size_t>(index)].data.u32;
  return tags;
}

FileDescriptor take_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP})
    ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return FileDescriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

std::optional<int> next_signal(int signals) {
  signalfd_siginfo info{};
  if (::read(signals, &info, sizeof info) != ssize_t{sizeof info}) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

FileDescriptor open_pressure_trigger(const char* path, const char* kind, std::int64_t stall_us,
                                     std::int64_t window_us) {
  FileDescriptor file(::open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return file;
  const FixedText<64> words(std::string_view(kind), " ", stall_us, " ", window_us);
  // The kernel wants the text with its NUL.
  if (::write(file.get(), words.c_str(), words.view().size() + 1) < 0) return FileDescriptor();
  return file;
}

}  // namespace oomkit
