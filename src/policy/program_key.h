// Which conditions are the same one, and which samples they have in common.
//
// After a policy was changed, what a condition remembers is of use to another one only where both
// mean the same: latches and timers where the whole condition does, samples of a number of the host
// where that number and its window do.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/policy.h"
#include "policy/program.h"

namespace oomkit {

std::uint64_t program_key(const Program& program);
std::uint64_t scope_key(const PolicyScope& scope);
// For each ring what it has samples of.
std::vector<std::uint64_t> ring_keys(const Program& program);

}  // namespace oomkit
