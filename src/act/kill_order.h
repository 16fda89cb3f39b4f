// What is to be done to whom, and what came of it: the words between a decision and the kill
// path. Plain values of fixed size, because they are made and read while memory is short.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "io/kill_door.h"

namespace oomkit {

enum class KillVerb : std::uint8_t {
  signal,       // `signal` to each target, then up to `wait_ns` for their end: less when memory
                // gets critical meanwhile.
  kill,         // SIGKILL to each target that is still there.
  cgroup_kill,  // SIGKILL to all that is in the cgroup, and to what is born there meanwhile.
  reap,         // process_mrelease of what was sent SIGKILL.
  memory_high,  // memory.high of the cgroup becomes `amount`.
  reclaim,      // memory.reclaim of the cgroup: `amount`.
  freeze,
  thaw,
  sysrq,  // The kernel's own choice, by sysrq f.
};
std::string_view verb_name(KillVerb verb);

struct KillStep {
  KillVerb verb = KillVerb::kill;
  std::int32_t signal = 0;
  std::int64_t amount = 0;  // Bytes; below 0: "max".
  std::int64_t wait_ns = 0;
};

// The cgroup, by folders that are kept open; -1: none. Version 1 has a freezer of its own.
struct KillGroup {
  int folder = -1;
  int freezer = -1;
};

struct KillOrder {
  std::span<const KillTarget> targets;
  KillGroup group;
  // process_group: the first target leads a group. Where the kernel can (6.9), its signals
  // reach the group at once, those included that were born since the others were listed.
  SignalReach reach = SignalReach::process;
  std::span<const KillStep> steps;
  std::int64_t exit_wait_ns = 10'000'000'000;  // For the end of what was sent SIGKILL.
  // What is to come back before the next kill is thought of, and how long that is waited for
  // after the end of the last target.
  std::int64_t expected_bytes = 0;
  std::int64_t settle_ns = 1'000'000'000;
};

enum class KillResult : std::uint8_t {
  pending,
  done,
  not_needed,     // Nobody is left whom it could be for.
  other_process,  // The pid was given to another process: nobody was signalled.
  still_there,    // Time is over and some target has not ended.
  failed,         // `error` says why.
};
std::string_view result_name(KillResult result);

struct KillOutcome {
  KillVerb verb = KillVerb::kill;
  KillResult result = KillResult::pending;
  std::int32_t error = 0;    // The kernel's number of the first failure.
  std::int32_t reached = 0;  // Processes for which it went through.
  std::int32_t missed = 0;   // Processes for which it failed.
  std::int64_t took_ns = 0;  // For kill: up to the end of the last target.
};

}  // namespace oomkit
