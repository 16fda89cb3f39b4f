#include "klog/stamp.h"

#include <chrono>
#include <cstdint>

#include "core/text.h"
#include "klog/stamp_month.h"

namespace oomkit {
namespace {

// The parts of a date as they are met, in whatever order a locale has them.
struct Parts {
  std::optional<int> year;
  std::optional<unsigned> month, day;
  std::optional<std::chrono::microseconds> clock;
  std::optional<std::chrono::minutes> zone;
};

// What microseconds a fraction of any number of digits says.
std::chrono::microseconds take_fraction(Cursor& cursor) {
  std::int64_t microseconds = 0;
  std::int64_t unit = 100'000;
  const std::size_t begin = cursor.offset();
  if (!cursor.take(".") && !cursor.take(",")) return {};
  if (!is_digit(cursor.peek())) {
    cursor.rewind(begin);
    return {};
  }
  for (; is_digit(cursor.peek()); cursor.advance(1), unit /= 10)
    microseconds += unit * (cursor.peek() - '0');
  return std::chrono::microseconds(microseconds);
}

std::optional<unsigned> take_digits(Cursor& cursor, std::size_t least, std::size_t most) {
  const std::size_t begin = cursor.offset();
  unsigned value = 0;
  while (is_digit(cursor.peek()) && cursor.offset() - begin < most) {
    value = value * 10 + static_cast<unsigned>(cursor.peek() - '0');
    cursor.advance(1);
  }
  if (cursor.offset() - begin >= least && !is_digit(cursor.peek())) return value;
  cursor.rewind(begin);
  return std::nullopt;
}

// "12:22:51.572035", "12:22".
bool take_clock(Cursor& cursor, Parts& parts) {
  const std::size_t begin = cursor.offset();
  const auto hours = take_digits(cursor, 1, 2);
  if (hours && *hours < 24 && cursor.take(":")) {
    const auto minutes = take_digits(cursor, 2, 2);
    if (minutes && *minutes < 60) {
      unsigned seconds = 0;
      if (cursor.take(":")) seconds = take_digits(cursor, 2, 2).value_or(99);
      if (seconds <= 60 && !parts.clock) {
        parts.clock = std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
                      std::chrono::seconds(seconds) + take_fraction(cursor);
        return true;
      }
    }
  }
  cursor.rewind(begin);
  return false;
}

// "Z", "+00:00", "-0730".
bool take_zone(Cursor& cursor, Parts& parts) {
  if (cursor.take("Z") || cursor.take("z") || cursor.take("UTC") || cursor.take("GMT")) {
    parts.zone = std::chrono::minutes(0);
    return true;
  }
  const std::size_t begin = cursor.offset();
  const bool east = cursor.take("+");
  if (!east && !cursor.take("-")) return false;
  // Two and two digits, so that "+0530" is not read as one number.
  const std::string_view rest = cursor.rest();
  const std::size_t minutes_at = rest.size() > 2 && rest[2] == ':' ? 3 : 2;
  Cursor hours_at(rest.substr(0, 2));
  Cursor rest_at(rest.size() > minutes_at ? rest.substr(minutes_at, 2) : std::string_view());
  const auto hours = take_digits(hours_at, 2, 2);
  const auto minutes = take_digits(rest_at, 2, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) {
    cursor.rewind(begin);
    return false;
  }
  cursor.advance(minutes_at + 2);
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  parts.zone = east ? offset : -offset;
  return true;
}

// "2026-11-21" or "2026/11/21", and the 'T' behind it.
bool take_iso_date(Cursor& cursor, Parts& parts) {
  const std::size_t begin = cursor.offset();
  const auto year = take_digits(cursor, 4, 4);
  const char mark = cursor.peek();
  if (year && (mark == '-' || mark == '/')) {
    cursor.advance(1);
    const auto month = take_digits(cursor, 2, 2);
    if (month && cursor.peek() == mark) {
      cursor.advance(1);
      if (const auto day = take_digits(cursor, 2, 2); day) {
        parts.year = static_cast<int>(*year);
        parts.month = month;
        parts.day = day;
        if (cursor.peek() == 'T' || cursor.peek() == 't') cursor.advance(1);
        return true;
      }
    }
  }
  cursor.rewind(begin);
  return false;
}

// "11-21" of logcat.
bool take_month_and_day(Cursor& cursor, Parts& parts) {
  const std::size_t begin = cursor.offset();
  const auto month = take_digits(cursor, 2, 2);
  if (month && cursor.take("-") && !parts.month) {
    if (const auto day = take_digits(cursor, 2, 2); day) {
      parts.month = month;
      parts.day = day;
      return true;
    }
  }
  cursor.rewind(begin);
  return false;
}

// A day or a year; "21." and "21," too.
bool take_plain_number(Cursor& cursor, Parts& parts) {
  const std::string_view rest = cursor.rest();
  std::size_t end = 0;
  while (end < rest.size() && is_digit(rest[end]))
    ++end;
  if (end < rest.size() && std::string_view(" .,").find(rest[end]) == std::string_view::npos) {
    return false;
  }
  if (const auto day = take_digits(cursor, 1, 2); day) {
    if (parts.day) return false;
    parts.day = day;
  } else if (const auto year = take_digits(cursor, 4, 4); year) {
    if (parts.year) return false;
    parts.year = static_cast<int>(*year);
  } else {
    return false;
  }
  if (!cursor.take(".")) cursor.take(",");
  return true;
}

// A month, a weekday or a zone's letters. Of two words that could be months the later one is
// it: weekdays stand first ("mar. août" is a Tuesday in August).
bool take_name(Cursor& cursor, Parts& parts) {
  const std::string_view rest = cursor.rest();
  std::size_t end = 0;
  const bool numbered = is_digit(rest.empty() ? '\0' : rest[0]);
  while (end < rest.size() && rest[end] != ' ' && !(is_digit(rest[end]) && !numbered))
    ++end;
  if (end == 0) return false;
  const auto month = month_of_name(rest.substr(0, end));
  if (numbered && !month) return false;
  // "+" and brackets are in no name.
  if (!numbered && !is_alpha(rest[0]) && static_cast<unsigned char>(rest[0]) < 0x80) return false;
  // Behind the clock a word is a zone: CEST is not known to be one place's or another's.
  if (month && !parts.clock) parts.month = month;
  cursor.advance(end);
  return true;
}

std::optional<WallTime> from_epoch(std::string_view digits) {
  Cursor cursor(digits);
  const auto count = cursor.take_integer<std::int64_t>();
  if (!count || *count < 0) return std::nullopt;
  if (cursor.at_end()) {
    // The journal's microseconds have sixteen digits from 2001 to 2286.
    if (digits.size() != 16) return std::nullopt;
    return WallTime{std::chrono::microseconds(*count), true, true};
  }
  if (digits.find('.') != 10) return std::nullopt;
  const auto fraction = take_fraction(cursor);
  if (!cursor.at_end()) return std::nullopt;
  return WallTime{std::chrono::seconds(*count) + fraction, true, true};
}

std::optional<WallTime> to_wall_time(const Parts& parts) {
  constexpr int kLeapYear = 1972;
  if (!parts.month || !parts.day || !parts.clock) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(parts.year.value_or(kLeapYear)),
                                         std::chrono::month(*parts.month),
                                         std::chrono::day(*parts.day)};
  if (!date.ok() || (parts.year && (*parts.year < 1970 || *parts.year > 9999))) return std::nullopt;
  WallTime time;
  time.since_epoch = std::chrono::sys_days(date).time_since_epoch() + *parts.clock;
  if (parts.zone) time.since_epoch -= *parts.zone;
  time.year_known = parts.year.has_value();
  time.zone_known = parts.zone.has_value();
  return time;
}

}  // namespace

std::optional<WallTime> parse_stamp(std::string_view stamp) {
  constexpr int kWordsMax = 8;
  stamp = trim(stamp);
  if (const auto epoch = from_epoch(stamp); epoch) return epoch;
  Parts parts;
  Cursor cursor(stamp);
  for (int words = 0; words < kWordsMax && !cursor.at_end(); ++words) {
    // A zone only follows the clock: before it "-" and "+" mean nothing.
    const bool taken = (parts.clock && take_zone(cursor, parts)) || take_clock(cursor, parts) ||
                       take_iso_date(cursor, parts) || take_month_and_day(cursor, parts) ||
                       take_plain_number(cursor, parts) || take_name(cursor, parts);
    if (!taken) return std::nullopt;
    cursor.skip_spaces();
  }
  return cursor.at_end() ? to_wall_time(parts) : std::nullopt;
}

}  // namespace oomkit
