// A regular expression as a tree. Private to pattern*.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/pattern.h"

namespace oomkit {

struct PatternNode {
  enum class Kind : std::uint8_t { empty, symbols, sequence, choice, repeat };
  Kind kind = Kind::empty;
  Pattern::Symbols symbols;
  std::vector<PatternNode> parts;     // Of a sequence or a choice; one of a repeat.
  std::uint32_t least = 0, most = 0;  // Repeat; kAnyNumber for no end.
};
inline constexpr std::uint32_t kAnyNumber = UINT32_MAX;

tl::expected<PatternNode, PatternError> parse_pattern(std::string_view text);

}  // namespace oomkit
