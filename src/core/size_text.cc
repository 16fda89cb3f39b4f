#include "core/size_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/text.h"

namespace oomkit {
namespace {

// "1.5" of a unit: integer tenths, rounded half away from zero, so that the same bytes
// print the same everywhere.
std::string tenths(std::uint64_t magnitude, int shift) {
  const std::uint64_t unit = std::uint64_t{1} << shift;
  std::uint64_t whole = magnitude >> shift;
  std::uint64_t tenth = ((magnitude & (unit - 1)) * 10 + unit / 2) >> shift;
  if (tenth == 10) {
    ++whole;
    tenth = 0;
  }
  return std::to_string(whole) + "." + std::to_string(tenth);
}

}  // namespace

std::string size_text(Bytes bytes) {
  const std::int64_t count = bytes.count();
  const std::string sign = count < 0 ? "-" : "";
  const std::uint64_t magnitude = count < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(count)
                                            : static_cast<std::uint64_t>(count);
  if (magnitude < 1024) return sign + std::to_string(magnitude) + " B";
  constexpr std::array<const char*, 6> kUnits = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  std::size_t unit = 0;
  int shift = 10;
  // 1023.95 KiB and up would print as "1024.0 KiB": take the next unit.
  while (unit + 1 < kUnits.size() &&
         magnitude >= (std::uint64_t{1} << (shift + 10)) - (std::uint64_t{1} << shift) / 20) {
    ++unit;
    shift += 10;
  }
  return sign + tenths(magnitude, shift) + kUnits[unit];
}

std::string percent_text(Bytes part, Bytes whole) {
  if (whole.count() == 0) return "-";
  const double percent =
      100.0 * static_cast<double>(part.count()) / static_cast<double>(whole.count());
  char digits[32];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof(digits), percent, std::chars_format::fixed, 1);
  return error == std::errc() ? std::string(digits, end) : "-";
}

Result<Bytes> parse_size(std::string_view text) {
  Cursor cursor(text);
  const auto refuse = [&](const char* expected) {
    return fail(ErrorCode::usage, "size \"" + std::string(text) + "\": expected " + expected +
                                      " at byte " + std::to_string(cursor.offset()));
  };
  if (!is_digit(cursor.peek())) return refuse("a digit");
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return refuse("a number that fits");
  cursor.advance(static_cast<std::size_t>(end - text.data()));
  int shift = 0;
  constexpr std::string_view kLetters = "KMGTPE";
  if (!cursor.at_end() && cursor.peek() != 'B') {
    const char letter = cursor.peek() == 'k' ? 'K' : cursor.peek();
    const std::size_t unit = kLetters.find(letter);
    if (unit == std::string_view::npos) return refuse("one of K M G T P E");
    shift = 10 * (static_cast<int>(unit) + 1);
    cursor.advance(1);
    if (cursor.take("i") && cursor.peek() != 'B') return refuse("B");
  }
  cursor.take("B");
  if (!cursor.at_end()) return refuse("the end");
  const double bytes = std::ldexp(number, shift);
  if (!(bytes < 9.2e18)) return refuse("less than 8 EiB");
  return Bytes(static_cast<std::int64_t>(bytes));
}

}  // namespace oomkit
