#include "io/answer_server.h"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "io/process_environment.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::chrono::seconds kConnectionTime(3);

bool watch_file(int events, int file, std::uint32_t what) {
  epoll_event event{};
  event.events = what;
  event.data.fd = file;
  return ::epoll_ctl(events, EPOLL_CTL_ADD, file, &event) == 0;
}

}  // namespace

Result<AnswerServer> AnswerServer::create(std::vector<AnswerPoint> points) {
  FileDescriptor events(::epoll_create1(EPOLL_CLOEXEC));
  if (events.get() < 0) return tl::unexpected(system_error("epoll", "cannot be made", errno));
  for (const AnswerPoint& point : points) {
    if (!watch_file(events.get(), point.socket, EPOLLIN))
      return tl::unexpected(system_error("a socket", "cannot be waited for", errno));
  }
  return AnswerServer(std::move(events), std::move(points));
}

void AnswerServer::take_clients(std::size_t point) {
  while (true) {
    FileDescriptor client(
        ::accept4(points_[point].socket, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client.get() < 0) return;
    // Too many at once: this one is hung up on, and may come again.
    if (open_.size() == kOpenMax) continue;
    // Edges: it is tried at each serve() anyway, and one that cannot be sent to does not wake us.
    if (!watch_file(events_.get(), client.get(), EPOLLIN | EPOLLOUT | EPOLLET)) continue;
    Connection connection;
    connection.socket = std::move(client);
    connection.point = point;
    connection.until = monotonic_time() + kConnectionTime;
    open_.push_back(std::move(connection));
  }
}

bool AnswerServer::read_request(Connection& connection) {
  std::array<char, 1024> part{};
  const std::string_view end = points_[connection.point].request_end;
  while (true) {
    const ssize_t count = ::recv(connection.socket.get(), part.data(), part.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    connection.request.append(part.data(), static_cast<std::size_t>(count));
    const std::size_t at = connection.request.find(end);
    if (at != std::string::npos) {
      connection.answer =
          points_[connection.point].answer(std::string_view(connection.request).substr(0, at));
      connection.is_answered = true;
      return true;
    }
    if (connection.request.size() > kRequestMax) return false;
  }
}

bool AnswerServer::send_answer(Connection& connection) {
  while (connection.sent < connection.answer.size()) {
    const std::string_view left = std::string_view(connection.answer).substr(connection.sent);
    const ssize_t count =
        ::send(connection.socket.get(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<std::size_t>(count);
  }
  ::shutdown(connection.socket.get(), SHUT_WR);
  return false;
}

bool AnswerServer::go_on(Connection& connection) {
  if (monotonic_time() >= connection.until) return false;
  if (!connection.is_answered && !read_request(connection)) return false;
  return !connection.is_answered || send_answer(connection);
}

void AnswerServer::serve() {
  // Which of them is ready does not matter, there are few; but the edges are to be taken.
  std::array<epoll_event, kOpenMax> ready{};
  static_cast<void>(::epoll_wait(events_.get(), ready.data(), static_cast<int>(ready.size()), 0));
  for (std::size_t point = 0; point < points_.size(); ++point)
    take_clients(point);
  std::vector<Connection> left;
  for (Connection& connection : open_) {
    if (go_on(connection)) left.push_back(std::move(connection));
  }
  open_ = std::move(left);
}

}  // namespace oomkit
