#include "cli/time_bound.h"

#include <array>
#include <optional>
#include <string>

#include "core/text.h"

namespace oomkit {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr microseconds kDay = std::chrono::hours(24);

microseconds midnight_of(microseconds local) {
  const auto rest = local % kDay;
  return local - (rest < microseconds(0) ? rest + kDay : rest);
}

// "12:00:30" or "12:00" since midnight.
std::optional<microseconds> take_clock(Cursor& cursor) {
  const std::size_t begin = cursor.offset();
  const auto hour = cursor.take_integer<std::uint8_t>();
  if (hour && *hour < 24 && cursor.take(":")) {
    const auto minute = cursor.take_integer<std::uint8_t>();
    if (minute && *minute < 60) {
      seconds second(0);
      if (cursor.take(":")) {
        const auto number = cursor.take_integer<std::uint8_t>();
        if (!number || *number > 60) return std::nullopt;
        second = seconds(*number);
      }
      return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + second;
    }
  }
  cursor.rewind(begin);
  return std::nullopt;
}

// "2026-11-21" as the midnight that it begins with.
std::optional<microseconds> take_date(Cursor& cursor) {
  const std::size_t begin = cursor.offset();
  const auto year = cursor.take_integer<std::uint16_t>();
  if (year && cursor.take("-")) {
    const auto month = cursor.take_integer<std::uint8_t>();
    if (month && cursor.take("-")) {
      const auto day = cursor.take_integer<std::uint8_t>();
      if (day) {
        const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                               std::chrono::day(*day)};
        if (date.ok()) return std::chrono::sys_days(date).time_since_epoch();
      }
    }
  }
  cursor.rewind(begin);
  return std::nullopt;
}

// The unit of "90s", "15 min", "2 days".
std::optional<microseconds> unit_of(std::string_view word) {
  const struct {
    microseconds length;
    std::array<std::string_view, 5> names;
  } units[] = {
      {seconds(1), {"s", "sec", "secs", "second", "seconds"}},
      {std::chrono::minutes(1), {"m", "min", "mins", "minute", "minutes"}},
      {std::chrono::hours(1), {"h", "hr", "hrs", "hour", "hours"}},
      {kDay, {"d", "day", "days", "", ""}},
      {7 * kDay, {"w", "week", "weeks", "", ""}},
  };
  for (const auto& unit : units) {
    for (const std::string_view name : unit.names) {
      if (!name.empty() && name == word) return unit.length;
    }
  }
  return std::nullopt;
}

// "1h 30min" as a length of time; the whole rest must be one.
std::optional<microseconds> take_length(Cursor& cursor) {
  microseconds sum(0);
  bool any = false;
  while (!cursor.at_end()) {
    cursor.skip_spaces();
    if (cursor.at_end()) break;
    const auto number = cursor.take_integer<std::uint32_t>();
    if (!number) return std::nullopt;
    cursor.skip_spaces();
    std::size_t letters = 0;
    while (letters < cursor.rest().size() && is_alpha(cursor.rest()[letters]))
      ++letters;
    const auto unit = unit_of(cursor.rest().substr(0, letters));
    if (!unit) return std::nullopt;
    cursor.advance(letters);
    constexpr std::int64_t kCentury = 36525;
    if (*number > kCentury * (kDay / *unit)) return std::nullopt;
    sum += *unit * static_cast<std::int64_t>(*number);
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

TimeBound by_clock(microseconds local) {
  return {utc_of_local(local), local};
}

std::optional<TimeBound> parse_relative(std::string_view text, const Calendar& now) {
  constexpr std::string_view kAgo = " ago";
  bool back = false;
  if (text.substr(0, 1) == "-") {
    back = true;
    text.remove_prefix(1);
  } else if (text.size() > kAgo.size() && text.substr(text.size() - kAgo.size()) == kAgo) {
    back = true;
    text.remove_suffix(kAgo.size());
  } else if (text.substr(0, 1) == "+") {
    text.remove_prefix(1);
  } else {
    return std::nullopt;
  }
  Cursor cursor(text);
  const auto length = take_length(cursor);
  if (!length) return std::nullopt;
  const microseconds shift = back ? -*length : *length;
  return TimeBound{now.utc + shift, now.local + shift};
}

std::optional<TimeBound> parse_absolute(std::string_view text, const Calendar& now) {
  Cursor cursor(text);
  if (cursor.take("@")) {
    const auto epoch = cursor.take_integer<std::uint32_t>();
    if (!epoch || !cursor.at_end()) return std::nullopt;
    const microseconds utc = seconds(*epoch);
    return TimeBound{utc, utc + (now.local - now.utc)};
  }
  const auto date = take_date(cursor);
  if (date && cursor.at_end()) return by_clock(*date);
  if (date && !cursor.take("T") && !cursor.skip_spaces()) return std::nullopt;
  const auto clock = take_clock(cursor);
  if (!clock) return std::nullopt;
  if (date && cursor.take("Z") && cursor.at_end()) {
    const microseconds utc = *date + *clock;
    return TimeBound{utc, utc + (now.local - now.utc)};
  }
  if (!cursor.at_end()) return std::nullopt;
  return by_clock(date.value_or(midnight_of(now.local)) + *clock);
}

}  // namespace

Result<TimeBound> parse_time_bound(std::string_view text, const Calendar& now) {
  const std::string_view wanted = trim(text);
  if (wanted == "now") return TimeBound{now.utc, now.local};
  if (wanted == "today") return by_clock(midnight_of(now.local));
  if (wanted == "yesterday") return by_clock(midnight_of(now.local) - kDay);
  if (const auto relative = parse_relative(wanted, now)) return *relative;
  if (const auto absolute = parse_absolute(wanted, now)) return *absolute;
  return fail(ErrorCode::usage,
              "\"" + std::string(text) +
                  "\" is no time: expected one like \"2026-11-21 12:00\", \"12:00\", "
                  "\"yesterday\", \"-1h\" or \"30 min ago\"");
}

microseconds distance_from(const TimeBound& bound, const WallTime& time, const Calendar& now) {
  microseconds at = time.since_epoch;
  if (!time.year_known) {
    // Counted within 1972: the same day and clock in this year, or in the last one if that
    // would be tomorrow or later.
    using std::chrono::floor;
    const std::chrono::sys_time<microseconds> stamp(at);
    const auto day = floor<std::chrono::days>(stamp);
    const std::chrono::year_month_day date(day);
    const std::chrono::year_month_day today(
        floor<std::chrono::days>(std::chrono::sys_time<microseconds>(now.local)));
    std::chrono::year_month_day dated = today.year() / date.month() / date.day();
    for (int back = 0; back < 8; ++back) {
      dated = (today.year() - std::chrono::years(back)) / date.month() / date.day();
      if (!dated.ok()) continue;  // The 29th of February.
      if (std::chrono::sys_days(dated).time_since_epoch() + (stamp - day) <= now.local + kDay)
        break;
    }
    if (dated.ok()) at = std::chrono::sys_days(dated).time_since_epoch() + (stamp - day);
  }
  return at - (time.zone_known ? bound.utc : bound.local);
}

}  // namespace oomkit
