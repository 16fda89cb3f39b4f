// Policy files: TOML to a Policy, with all that is wrong with one at its line and column.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/diagnostic.h"
#include "policy/policy.h"

namespace oomkit {

struct ParsedPolicy {
  Policy policy;                        // Sound only when there are no diagnostics.
  std::vector<Diagnostic> diagnostics;  // All that is wrong, in the order of the file.
};

// A larger file is no policy. Who checks a file and who goes by it later agree on this.
inline constexpr std::size_t kPolicyBytesMax = std::size_t{1} << 20;

// Never stops at the first error.
ParsedPolicy parse_policy(std::string_view source);

}  // namespace oomkit
