// A rehearsal's process is a fork of PID 1 and runs the same program: what of it a process maps,
// and what it makes its own. Measured by page_fault_user and page_fault_kernel events; the same on
// all kernels, as the program is.
#pragma once

#include <cstdint>

#include "core/units.h"

namespace oomkit::sim {

// By the step that needs them first.
enum class ProgramPart : std::uint8_t {
  memory = 1,   // Whoever holds, touches or frees memory.
  regions = 2,  // The list of what he holds.
  writing = 4,
  reading = 8,
};

// Pages that a process of a scenario has of PID 1's own, beside what its scenario takes there.
constexpr Pages kProgramAnon(116);
// Of the program, and of what is shared with PID 1: copied by fork, mapped on the way to its first
// step, and with the first that needs memory. Pages around one that is needed come with it.
constexpr Pages kForkShmem(9);
constexpr Pages kStartShmem(185);
constexpr Pages kJoinShmem(16);   // Of these, by joining a cgroup.
constexpr Pages kDigitsShmem(1);  // By an oom_score_adj of more than one digit.
constexpr Pages kAllShmem(217);
// Calls of handle_mm_fault() for that: one more or less by where its stack begins.
constexpr std::int64_t kStartCalls = 18;
constexpr std::int64_t kMemoryCalls = 2;
constexpr std::int64_t kLateCalls = 1;  // Who joins no cgroup comes to those pages later.

// Of a child that a process forks.
constexpr Pages kChildShmem(89), kAllChildShmem(121);
constexpr std::int64_t kChildCalls = 12, kChildMemoryCalls = 4;

// Pages that it copies or begins then, and is charged for.
constexpr Pages kMemoryCopies(1), kChildMemoryCopies(6), kRegionsPage(1);
constexpr Pages kBufferCopies(17);  // 64 KiB that do not begin with a page.

}  // namespace oomkit::sim
