// Where a guard tells how it is: the socket of `oom guard status`, and that of its metrics.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "guard/helper.h"
#include "io/listening_socket.h"

namespace oomkit {

// /run/oom-guard/status.sock for root, else in $XDG_RUNTIME_DIR; nothing without that.
std::optional<std::string> usual_status_socket();

class GuardSockets {
 public:
  // Without a path the usual one, and if that cannot be made the guard does without it and says
  // so. What the user has asked for has to work.
  static Result<GuardSockets> create(const std::optional<std::string>& status_path,
                                     const std::optional<std::string>& metrics_address);

  // The points refer to the sockets of this.
  std::vector<StatusPoint> points() const;
  // The sockets' files go.
  void remove_files() const;

 private:
  std::optional<ListeningSocket> status_, metrics_;
};

}  // namespace oomkit
