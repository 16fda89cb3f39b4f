// The service manager that started us, if one did: told that we are ready and alive, by a
// datagram to the socket that it names (sd_notify), without its library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/file_descriptor.h"

namespace oomkit {

class ServiceManager {
 public:
  // By NOTIFY_SOCKET and WATCHDOG_USEC.
  static ServiceManager from_environment();
  // For tests: this socket and no watchdog.
  static ServiceManager at(const std::string& socket);

  bool is_there() const { return socket_.get() >= 0; }
  // "READY=1". Never waits; false if it was not told.
  bool tell(std::string_view state) const;
  // How often it wants to hear that we are alive: half of its patience.
  std::optional<std::int64_t> alive_every_ns() const { return alive_every_ns_; }

 private:
  FileDescriptor socket_;
  std::optional<std::int64_t> alive_every_ns_;
};

}  // namespace oomkit
