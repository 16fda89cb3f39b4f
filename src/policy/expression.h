// Conditions as text, checked and compiled: "mem.available < 4% and swap.free < 5%".
//
// Units are checked here, once: comparing a size with a time is an error with its column, never
// a condition that is silently never true. A share beside a size means that share of the size's
// own whole (mem.* of RAM, swap.* of swap, cg.* and scope.* of what the scope may use).
#pragma once

#include <string_view>

#include "policy/program.h"
#include "policy/token.h"

namespace oomkit {

// `cgroup_scope`: judged in cgroups, whose own signals can be spoken of.
tl::expected<Program, ExpressionError> compile_expression(std::string_view source,
                                                          bool cgroup_scope);

}  // namespace oomkit
