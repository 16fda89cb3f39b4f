#include "io/listening_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/text.h"
#include "io/process_environment.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;

constexpr int kWaitingClients = 16;

// The kernel's form of a path; nothing if it is too long for that.
std::optional<sockaddr_un> file_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

template <class Address>
const sockaddr* plain_address(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

tl::unexpected<Error> refuse_path(const std::string& path) {
  return fail(ErrorCode::usage, "\"" + path + "\": a socket's path has 1 to " +
                                    std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
}

// Connected to whoever listens there; below 0: the number of the error.
FileDescriptor connected(const sockaddr_un& address, int& error) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  error = 0;
  if (socket.get() < 0 || ::connect(socket.get(), plain_address(address), sizeof address) != 0)
    error = errno;
  return socket;
}

bool is_live(const sockaddr_un& address) {
  int error = 0;
  const FileDescriptor socket = connected(address, error);
  // EAGAIN: its queue is full, so somebody owns it.
  return error == 0 || error == EAGAIN;
}

bool is_socket(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

// False when the time is over.
bool wait_for(int socket, short what, std::chrono::nanoseconds until) {
  const auto left = std::chrono::duration_cast<milliseconds>(until - monotonic_time());
  pollfd waiting{socket, what, 0};
  return left.count() > 0 && ::poll(&waiting, 1, static_cast<int>(left.count())) == 1;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto refused = [&](std::string_view why) {
    return fail(ErrorCode::usage, "\"" + std::string(text) + "\": " + std::string(why) +
                                      "; right is unix:PATH, 127.0.0.1:PORT or [::1]:PORT");
  };
  ListenAddress address;
  constexpr std::string_view kUnix = "unix:";
  if (text.substr(0, kUnix.size()) == kUnix) {
    address.host = text.substr(kUnix.size());
    if (!file_address(address.host)) return refuse_path(address.host);
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused("no port");
  std::string_view host = text.substr(0, colon);
  Cursor number(text.substr(colon + 1));
  const auto port = number.take_integer<std::uint16_t>();
  if (!port || !number.at_end()) return refused("the port is a number up to 65535");
  address.port = *port;
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  address.kind = is_bracketed ? ListenAddress::Kind::ipv6 : ListenAddress::Kind::ipv4;
  address.host = host;
  in6_addr six{};
  in_addr four{};
  constexpr std::uint32_t kLoopbackNet = 127;
  constexpr int kNetShift = 24;
  const bool is_loopback = is_bracketed ? ::inet_pton(AF_INET6, address.host.c_str(), &six) == 1 &&
                                              std::memcmp(&six, &in6addr_loopback, sizeof six) == 0
                                        : ::inet_pton(AF_INET, address.host.c_str(), &four) == 1 &&
                                              ntohl(four.s_addr) >> kNetShift == kLoopbackNet;
  if (!is_loopback) return refused("other machines could reach that, or it is no address");
  return address;
}

Result<ListeningSocket> ListeningSocket::create(const ListenAddress& address,
                                                milliseconds patience) {
  return address.kind == ListenAddress::Kind::unix_file ? at_file(address.host, patience)
                                                        : at_port(address);
}

Result<ListeningSocket> ListeningSocket::at_file(const std::string& path, milliseconds patience) {
  const auto address = file_address(path);
  if (!address) return refuse_path(path);
  if (is_socket(path)) {
    const std::chrono::nanoseconds until = monotonic_time() + patience;
    while (is_live(*address) && monotonic_time() < until)
      pause_for(milliseconds(50));
    if (is_live(*address))
      return fail(ErrorCode::unsupported, path + ": somebody answers there already");
    ::unlink(path.c_str());
  }
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return tl::unexpected(system_error(path, "cannot be made", errno));
  constexpr mode_t kOwnerAlone = 0177;
  const mode_t before = ::umask(kOwnerAlone);
  const bool is_bound = ::bind(socket.get(), plain_address(*address), sizeof *address) == 0;
  const int error = errno;
  ::umask(before);
  if (!is_bound) return tl::unexpected(system_error(path, "cannot be made", error));
  if (::listen(socket.get(), kWaitingClients) != 0)
    return tl::unexpected(system_error(path, "cannot listen", errno));
  ListeningSocket listening(std::move(socket));
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    listening.path_ = path;
    listening.device_ = found.st_dev;
    listening.inode_ = found.st_ino;
  }
  return listening;
}

Result<ListeningSocket> ListeningSocket::at_port(const ListenAddress& address) {
  const std::string name = address.host + " port " + std::to_string(address.port);
  const bool is_six = address.kind == ListenAddress::Kind::ipv6;
  FileDescriptor socket(
      ::socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return tl::unexpected(system_error(name, "cannot be made", errno));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  six.sin6_addr = in6addr_loopback;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(address.port);
  ::inet_pton(AF_INET, address.host.c_str(), &four.sin_addr);
  const int bound = is_six ? ::bind(socket.get(), plain_address(six), sizeof six)
                           : ::bind(socket.get(), plain_address(four), sizeof four);
  if (bound != 0 || ::listen(socket.get(), kWaitingClients) != 0)
    return tl::unexpected(system_error(name, "cannot listen", errno));
  return ListeningSocket(std::move(socket));
}

std::uint16_t ListeningSocket::port() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) return 0;
  if (own.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&own)->sin_port);
  if (own.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&own)->sin6_port);
  return 0;
}

void ListeningSocket::remove_file() const {
  struct stat found {};
  if (path_.empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

Result<std::string> ask_socket(const std::string& path, std::string_view request,
                               milliseconds patience, std::size_t bytes_max) {
  const auto address = file_address(path);
  if (!address) return refuse_path(path);
  const std::chrono::nanoseconds until = monotonic_time() + patience;
  int error = 0;
  const FileDescriptor socket = connected(*address, error);
  if (error == ENOENT || error == ECONNREFUSED)
    return fail(ErrorCode::not_found, path + ": nobody answers there");
  if (error != 0) return tl::unexpected(system_error(path, "cannot ask", error));
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return tl::unexpected(system_error(path, "cannot ask", errno));
  std::string answer;
  std::array<char, 4096> part{};
  while (answer.size() < bytes_max) {
    if (!wait_for(socket.get(), POLLIN, until))
      return fail(ErrorCode::io, path + ": somebody is there, but does not answer");
    const ssize_t count = ::recv(socket.get(), part.data(), part.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return tl::unexpected(system_error(path, "cannot read", errno));
    if (count == 0) break;
    answer.append(part.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace oomkit
