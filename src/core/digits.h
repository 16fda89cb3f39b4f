// Decimal digits into a buffer, eight at a time.
//
// A task row of JSON has a dozen numbers of up to ten digits, which is most of what it is
// made of. Eight digits are split in a register, by halves, quarters and single digits at
// once; the plain twin is std::to_chars, and a test holds the two together.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace oomkit {

// The digits of a number below 100,000,000, with zeros before it, one in each byte: the first
// in the lowest.
constexpr std::uint64_t eight_digits(std::uint64_t number) {
  const std::uint64_t halves = number / 10'000 | (number % 10'000) << 32U;
  // A hundredth and a tenth by multiplication, exact for four digits and for two.
  const std::uint64_t hundreds = ((halves * 10'486U) >> 20U) & 0x0000007f0000007fU;
  const std::uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16U;
  const std::uint64_t tens = ((pairs * 103U) >> 10U) & 0x000f000f000f000fU;
  return tens | (pairs - 10 * tens) << 8U;
}

inline constexpr std::uint64_t kZeroDigits = 0x3030303030303030U;

// A number below 100,000,000.
inline char* write_short_number(char* at, std::uint64_t number) {
  const std::uint64_t digits = eight_digits(number);
  const unsigned zeros = number == 0 ? 7U : static_cast<unsigned>(std::countr_zero(digits)) / 8;
  const std::uint64_t text = (digits | kZeroDigits) >> (8 * zeros);
  std::memcpy(at, &text, sizeof text);
  return at + (sizeof text - zeros);
}

// A number from 1 to 9,999, in the same way: what stands before the last eight digits of an amount.
inline char* write_few_digits(char* at, std::uint32_t number) {
  const std::uint32_t hundreds = (number * 10'486U) >> 20U;
  const std::uint32_t pairs = hundreds | (number - 100 * hundreds) << 16U;
  const std::uint32_t tens = ((pairs * 103U) >> 10U) & 0x000f000fU;
  const std::uint32_t digits = tens | (pairs - 10 * tens) << 8U;
  const unsigned zeros = static_cast<unsigned>(std::countr_zero(digits)) / 8;
  const std::uint32_t text = (digits | 0x30303030U) >> (8 * zeros);
  std::memcpy(at, &text, sizeof text);
  return at + (sizeof text - zeros);
}

inline constexpr std::size_t kNumberRoom = 32;  // Bytes that write_number() may touch.

// The number at `at`; the place behind it.
inline char* write_number(char* at, std::int64_t number) {
  if constexpr (std::endian::native != std::endian::little) {
    return std::to_chars(at, at + kNumberRoom, number).ptr;
  }
  constexpr std::uint64_t kEight = 100'000'000;
  auto rest = static_cast<std::uint64_t>(number);
  if (number < 0) {
    *at++ = '-';
    rest = 0 - rest;
  }
  if (rest >= kEight) {
    // Up to twenty digits: those before the last eight are at most twelve.
    const std::uint64_t before = rest / kEight;
    if (before < 10'000) {
      at = write_few_digits(at, static_cast<std::uint32_t>(before));
    } else {
      at = write_number(at, static_cast<std::int64_t>(before));
    }
    const std::uint64_t digits = eight_digits(rest % kEight) | kZeroDigits;
    std::memcpy(at, &digits, sizeof digits);
    return at + sizeof digits;
  }
  return write_short_number(at, rest);
}

}  // namespace oomkit
