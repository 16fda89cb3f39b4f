// The final state, as lines of the protocol: processes, cgroups, the host.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "guest/board.h"
#include "guest/plan.h"
#include "guest/protocol.h"

namespace oomkit::guest {

// The letter of /proc/PID/stat, or '\0' when there is no such process.
char state_letter(std::int32_t pid, std::span<char> buffer);
// RunProcess::state of a process that is there: "alive", or "blocked" in state D.
std::string_view state_word(char letter);

// `buffer` is for one file at a time.
void tell_processes(Protocol& protocol, Board& board, std::span<char> buffer);
void tell_cgroups(Protocol& protocol, const Plan& plan, std::span<char> buffer);
void tell_host(Protocol& protocol, std::int64_t page_size, std::span<char> buffer);
void tell_progress(Protocol& protocol, std::int64_t t_ms, Board& board, std::int64_t oom_kills);

}  // namespace oomkit::guest
