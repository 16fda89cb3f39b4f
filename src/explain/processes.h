// Who held the memory: one process, or many of one name that are a sum and not a process.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "explain/context.h"

namespace oomkit {

// From this share of the limit or of RAM on one process is named as the one that held it.
inline constexpr double kSinglePercent = 50;

// Like-named processes that hold much together and none of them much alone.
struct Swarm {
  std::string_view comm;
  std::size_t count = 0;
  Bytes sum;      // rss and swap, private where the table tells.
  Bytes largest;  // Of one of them.
};

// False only if there is none: a look at each row, without sums by name.
bool may_be_swarm(const Context& context);
std::optional<Swarm> swarm_of(const Context& context);

}  // namespace oomkit
