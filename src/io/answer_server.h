// Answers at sockets, as one of several things that a process does: one short request, one
// answer, and the connection ends.
//
// Nobody who connects can hold it up: nothing here waits, a connection has a few seconds and a
// small request, and only so many are open at a time. The owner waits for wake_file() among its
// other files.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

struct AnswerPoint {
  int socket = -1;               // It listens there; somebody else's.
  std::string_view request_end;  // "\n", "\r\n\r\n"
  std::function<std::string(std::string_view request)> answer;
};

class AnswerServer {
 public:
  static constexpr std::size_t kOpenMax = 16;
  static constexpr std::size_t kRequestMax = 4096;

  static Result<AnswerServer> create(std::vector<AnswerPoint> points);

  // Readable when there is something to do.
  int wake_file() const { return events_.get(); }
  // Some connection is open: serve() is to be called now and then even if nothing happens.
  bool is_busy() const { return !open_.empty(); }
  void serve();

 private:
  struct Connection {
    FileDescriptor socket;
    std::size_t point = 0;
    std::chrono::nanoseconds until{0};
    std::string request, answer;
    std::size_t sent = 0;
    bool is_answered = false;
  };

  AnswerServer(FileDescriptor events, std::vector<AnswerPoint> points)
      : events_(std::move(events)), points_(std::move(points)) {}
  void take_clients(std::size_t point);
  // False when it is over.
  bool go_on(Connection& connection);
  bool read_request(Connection& connection);
  bool send_answer(Connection& connection);

  FileDescriptor events_;
  std::vector<AnswerPoint> points_;
  std::vector<Connection> open_;
};

}  // namespace oomkit
