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

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

// Digits to the upper end, zeros before them; then neighbours are added up, by pairs, pairs
// of pairs, and the two halves. `values` are those of `length` digits, 1 to 8.
inline std::uint64_t sum_of_digits(std::uint64_t values, std::size_t length) {
  std::uint64_t sum = values << (64 - 8 * length);
  sum = sum * 10 + (sum >> 8);
  sum = (((sum & 0x000000ff000000ffU) * 0x000f424000000064U) +
         (((sum >> 16) & 0x000000ff000000ffU) * 0x0000271000000001U)) >>
        32;
  return sum & 0xffffffffU;
}

// Each digit becomes its value.
inline std::uint64_t digit_values(std::uint64_t word) {
  return word ^ 0x3030303030303030U;
}

// The highest bit of each byte that is no digit.
inline std::uint64_t not_digits(std::uint64_t values) {
  return ((values + 0x7676767676767676U) | values) & 0x8080808080808080U;
}

inline std::size_t bytes_before(std::uint64_t highest_bits) {
  return static_cast<unsigned>(std::countr_zero(highest_bits)) / 8;
}

// Eight digits or more: page tables in bytes, the sizes of sanitizers.
inline Digits scan_long_digits(const char* at, const char* end) {
  if (!can_read_words(at + 8, end)) return plain_digits(at, end);
  static constexpr std::uint64_t kPowers[] = {1,      10,      100,       1'000,
                                              10'000, 100'000, 1'000'000, 10'000'000};
  const std::uint64_t values = digit_values(word_at(at + 8));
  const std::uint64_t others = not_digits(values);
  if (others == 0) return plain_digits(at, end);
  const std::size_t length = bytes_before(others);
  const std::uint64_t high = sum_of_digits(digit_values(word_at(at)), 8);
  if (length == 0) return {8, high};
  return {8 + length, high * kPowers[length] + sum_of_digits(values, length)};
}

inline Digits scan_digits(const char* at, const char* end) {
  if (!can_read_words(at, end)) return plain_digits(at, end);
  const std::uint64_t values = digit_values(word_at(at));
  const std::uint64_t others = not_digits(values);
  if (others == 0) return scan_long_digits(at, end);
  const std::size_t length = bytes_before(others);
  if (length == 0) return {};
  return {length, sum_of_digits(values, length)};
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

// The same without a look at the end, where kPadding bytes behind `at` can be read and the text
// ends in a byte that is neither blank nor digit.
inline constexpr std::size_t kPadding = 24;

inline const char* padded_blanks(const char* at) {
#if defined(__SSE2__)
  // Columns are at most 13 bytes wide on any kernel, so this loop is never taken twice, which
  // with eight bytes at a time no branch predictor could know.
  const __m128i blanks = _mm_set1_epi8(' ');
  while (true) {
    __m128i bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto equal = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, blanks)));
    if (equal != 0xffffU) return at + std::countr_one(equal);
    at += sizeof bytes;
  }
#else
  return at + plain_blanks(at, nullptr);
#endif
}

inline Digits padded_digits(const char* at) {
  if constexpr (std::endian::native != std::endian::little) return plain_digits(at, nullptr);
  const std::uint64_t values = digit_values(word_at(at));
  const std::uint64_t others = not_digits(values);
  if (others == 0) return scan_long_digits(at, at + kPadding);
  const std::size_t length = bytes_before(others);
  if (length == 0) return {};
  return {length, sum_of_digits(values, length)};
}

}  // namespace oomkit
