// The guard's helper: everything that may block, allocate or fail without harm.
//
// Started beforehand, because who is short of memory cannot fork. It is an ordinary process: it
// may be swapped out, and when it hangs the guard goes on without it. It also answers whoever asks
// how the guard is: the guard itself answers nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/helper_process.h"
#include "io/shared_ring.h"
#include "policy/guard_status.h"

namespace oomkit {

// Where the guard's state is told, and in which words.
struct StatusPoint {
  int socket = -1;               // It listens there.
  std::string_view request_end;  // See io/answer_server.h.
  // No status: the guard has said nothing yet.
  std::function<std::string(const std::optional<GuardStatus>&, std::string_view request)> answer;
};

// What the guard sees, on its way to a file.
struct HelperRecording {
  SharedRing* ring = nullptr;
  std::string file;
};

struct HelperPlan {
  std::optional<std::string> record_file;  // Where records go, a line of JSON each; ...
  bool journal = false;                    // ... and entries of the journal.
  std::optional<HelperRecording> recording;
  std::optional<std::string> notify_program;  // Given a title and a sentence for the desktop.
  bool warns = false;                         // The policy has warnings of low memory.
  std::function<Status()> check_policy;       // For a reload.
  std::function<void(std::string_view)> say;  // A sentence for whoever started us.
  std::chrono::microseconds started{0};       // The guard, since the epoch.
  std::vector<StatusPoint> status_points;
};

struct HelperPast {
  std::int64_t restarts = 0;          // So many before this one have come to an early end, ...
  HelperEnd last = HelperEnd::ended;  // ... and the last of them so.
};

// Until the guard is gone, which `guard_gone` being readable tells, and all is written.
void run_guard_helper(SharedRing& ring, int guard_gone, const HelperPlan& plan,
                      const HelperPast& past = {});

}  // namespace oomkit
