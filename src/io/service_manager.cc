#include "io/service_manager.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include "core/text.h"

namespace oomkit {

ServiceManager ServiceManager::at(const std::string& socket) {
  ServiceManager manager;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) return manager;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  // An abstract one begins with a NUL and is written with an @.
  if (socket.front() == '@') address.sun_path[0] = '\0';
  FileDescriptor file(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  if (file.get() < 0 ||
      ::connect(file.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    return manager;
  manager.socket_ = std::move(file);
  return manager;
}

ServiceManager ServiceManager::from_environment() {
  const char* const socket = std::getenv("NOTIFY_SOCKET");
  ServiceManager manager = at(socket == nullptr ? "" : socket);
  const char* const patience = std::getenv("WATCHDOG_USEC");
  if (patience == nullptr) return manager;
  Cursor cursor{std::string_view(patience)};
  const auto microseconds = cursor.take_integer<std::int64_t>();
  constexpr std::int64_t kMax = 86'400'000'000;
  if (!microseconds || *microseconds <= 0 || *microseconds > kMax) return manager;
  constexpr std::int64_t kHalfInNanoseconds = 500;
  manager.alive_every_ns_ = *microseconds * kHalfInNanoseconds;
  return manager;
}

bool ServiceManager::tell(std::string_view state) const {
  if (!is_there()) return false;
  return ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace oomkit
