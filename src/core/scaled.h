// a * b / c where a * b may be too large for 64 bits: shares of terabytes by terabytes.
#pragma once

#include <cstdint>

namespace oomkit {

// Rounded toward zero; 0 for nothing of nothing (c is 0). The result must fit.
constexpr std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  __extension__ using Wide = __int128;
  if (c == 0) return 0;
  return static_cast<std::int64_t>(static_cast<Wide>(a) * static_cast<Wide>(b) /
                                   static_cast<Wide>(c));
}

static_assert(scaled(INT64_MAX, 3, 4) == INT64_MAX / 4 * 3 + 2);

}  // namespace oomkit
