// The guard in a rehearsal's machine, started before the scenario; this program takes the place of
// its helper.
//
// `oom rehearse --policy` puts the guard and its policy into the image. What the guard says and
// decides comes through a mailbox in shared memory: sentences go into the kernel's log, beside
// what the kernel says itself, records to the host. Hooks and restarts of units do not happen in a
// machine that has neither: the guard is told that they failed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "guard/channel.h"
#include "guest/protocol.h"

namespace oomkit::guest {

class GuardLink {
 public:
  static constexpr const char* kProgram = "/extra/oom-guard";
  static constexpr const char* kPolicy = "/extra/policy.toml";

  // Whether the image has a policy.
  static bool is_wanted();
  // Returns when the guard says that it guards. A refusal: it does not start, or not in time.
  static Result<GuardLink> start();

  std::int32_t pid() const { return pid_; }
  // Readable when there is something to take.
  int wake_file() const { return ring_.wake_file(); }
  // Nothing is allocated.
  void take_new(Protocol& protocol, std::int64_t t_ms) { take_messages(&protocol, t_ms); }

 private:
  GuardLink(SharedRing ring, std::int32_t pid);
  Status wait_until_ready();
  void take_messages(Protocol* protocol, std::int64_t t_ms);
  void handle(HelperTask task, std::string_view texts, Protocol* protocol, std::int64_t t_ms);

  SharedRing ring_;
  std::int32_t pid_;
  std::string message_;
  bool is_ready_ = false;
};

}  // namespace oomkit::guest
