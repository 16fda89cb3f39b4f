#include "scenario/node_list.h"

#include "core/text.h"

namespace oomkit {

std::optional<std::uint64_t> parse_node_mask(std::string_view text) {
  constexpr unsigned kNodeMax = 63;
  std::uint64_t mask = 0;
  Cursor cursor(text);
  do {
    const auto first = cursor.take_integer<unsigned>();
    if (!first || *first > kNodeMax) return std::nullopt;
    unsigned last = *first;
    if (cursor.take("-")) {
      const auto end = cursor.take_integer<unsigned>();
      if (!end || *end > kNodeMax || *end < *first) return std::nullopt;
      last = *end;
    }
    for (unsigned node = *first; node <= last; ++node)
      mask |= std::uint64_t{1} << node;
  } while (cursor.take(","));
  return cursor.at_end() ? std::optional(mask) : std::nullopt;
}

}  // namespace oomkit
