// A step that fills socket buffers: TCP connections over loopback that nobody reads.
//
// TCP, because its buffers are what the kernel charges as `sock`; those of unix sockets are
// charged as slab. What a connection takes is bounded by its window, so there are many.
#include <algorithm>
#include <cerrno>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/steps.h"

namespace oomkit::guest {
namespace {

constexpr int kBuffer = 4 << 20;

struct Connection {
  int error = 0;
  int sender = -1;
};

int listen_on_loopback(sockaddr_in& address) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return -1;
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &kBuffer, sizeof kBuffer);
  if (bind(listener, plain, length) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, plain, &length) == 0)
    return listener;
  close(listener);
  return -1;
}

// The receiving end stays open and is never read.
Connection connect_to(int listener, const sockaddr_in& address) {
  const int sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (sender < 0) return {errno, -1};
  setsockopt(sender, SOL_SOCKET, SO_SNDBUFFORCE, &kBuffer, sizeof kBuffer);
  const bool connected =
      connect(sender, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      accept4(listener, nullptr, nullptr, SOCK_CLOEXEC) >= 0;
  if (connected) return {0, sender};
  const int error = errno;
  close(sender);
  return {error, -1};
}

// How much it takes until its buffers are full; the error when it takes nothing at all.
std::int64_t fill(int sender, std::int64_t size, int& error) {
  static char piece[64 << 10];
  std::int64_t sent = 0;
  int idle = 0;
  error = 0;
  // The receiver's acknowledgements make room once more: full is what stays full.
  while (sent < size && idle < 5) {
    const auto length = static_cast<std::size_t>(
        std::min<std::int64_t>(size - sent, static_cast<std::int64_t>(sizeof piece)));
    const ssize_t got = send(sender, piece, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (got > 0) {
      sent += got;
      idle = 0;
      continue;
    }
    error = errno;
    if (error != EAGAIN) break;
    ++idle;
    sleep_until_ns(now_ns() + 5 * kNanosecondsPerMillisecond);
  }
  return sent;
}

}  // namespace

void do_sock(Actor& actor, const Step& step) {
  repeat(step, [&] {
    sockaddr_in address{};
    const int listener = listen_on_loopback(address);
    int error = listener < 0 ? errno : 0;
    std::int64_t sent = 0;
    while (error == 0 && sent < step.size.count()) {
      const Connection connection = connect_to(listener, address);
      error = connection.error;
      if (error != 0) break;
      const std::int64_t more = fill(connection.sender, step.size.count() - sent, error);
      sent += more;
      if (more > 0 && error == EAGAIN) error = 0;  // This one is full, and the next is not.
    }
    if (listener >= 0) close(listener);
    if (error != 0) actor.refused(error);
    return error == 0;
  });
}

}  // namespace oomkit::guest
