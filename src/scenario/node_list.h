// Lists of NUMA nodes as the kernel's files write them: "0", "0-1", "0,2-3".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace oomkit {

// One bit for each node; nothing for an empty list, nonsense, or nodes over 63.
std::optional<std::uint64_t> parse_node_mask(std::string_view text);

}  // namespace oomkit
