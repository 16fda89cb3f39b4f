// Skipping indentation, eight bytes at a time: continuation lines of a report are indented
// by forty blanks and more, and several steps of framing look behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace oomkit {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// Offset of the first byte at or behind `at` that is no blank.
inline std::size_t after_blanks(std::string_view text, std::size_t at = 0) {
  constexpr std::uint64_t kEightBlanks = 0x2020202020202020ULL;
  std::uint64_t bytes = 0;
  while (text.size() - at >= sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    if (bytes != kEightBlanks) break;
    at += sizeof bytes;
  }
  while (at < text.size() && is_blank(text[at]))
    ++at;
  return at;
}

inline std::string_view without_blanks(std::string_view text) {
  return text.substr(after_blanks(text));
}

}  // namespace oomkit
