// Sockets of this machine alone: a file, or a port that only this machine's programs reach.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

struct ListenAddress {
  enum class Kind : std::uint8_t { unix_file, ipv4, ipv6 };
  Kind kind = Kind::unix_file;
  std::string host;  // "127.0.0.1", "::1"; of a file its path.
  std::uint16_t port = 0;
};

// "unix:/run/x.sock", "127.0.0.1:9123", "[::1]:9123". What others could reach is refused.
Result<ListenAddress> parse_listen_address(std::string_view text);

class ListeningSocket {
 public:
  // A file is for its owner alone (0600). One that a dead program has left is replaced; one that
  // somebody answers at is waited for so long, in case it is just ending, and then refused.
  static Result<ListeningSocket> create(const ListenAddress& address,
                                        std::chrono::milliseconds patience);

  int get() const { return socket_.get(); }
  // The port that it has, if 0 was asked for; 0 of a file.
  std::uint16_t port() const;
  // Its file goes, if it is still ours.
  void remove_file() const;

 private:
  explicit ListeningSocket(FileDescriptor socket) : socket_(std::move(socket)) {}
  static Result<ListeningSocket> at_file(const std::string& path,
                                         std::chrono::milliseconds patience);
  static Result<ListeningSocket> at_port(const ListenAddress& address);

  FileDescriptor socket_;
  std::string path_;  // Empty: a port.
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Says `request` at the socket and returns all that is said back, at most `bytes_max`. An error
// of code `not_found` means that nobody is there.
Result<std::string> ask_socket(const std::string& path, std::string_view request,
                               std::chrono::milliseconds patience, std::size_t bytes_max);

}  // namespace oomkit
