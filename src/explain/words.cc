#include "explain/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/size_text.h"

namespace oomkit {
namespace {

std::string two_digits(std::int64_t number) {
  std::string text = std::to_string(number);
  return text.size() < 2 ? "0" + text : text;
}

std::string clock_text(std::chrono::microseconds in_day) {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(in_day).count();
  return text_of({two_digits(seconds / 3600), ":", two_digits(seconds / 60 % 60), ":",
                  two_digits(seconds % 60)});
}

std::string wall_text(const WallTime& time) {
  using std::chrono::days;
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // What a forged stamp may say lies far outside the years that a calendar type can hold.
  constexpr std::chrono::microseconds kSane = days(365 * 9000);
  if (time.since_epoch < -kSane || time.since_epoch > kSane) return {};
  const auto day = std::chrono::floor<days>(time.since_epoch);
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::duration_cast<days>(day))};
  const auto month = static_cast<unsigned>(date.month());
  const auto number = static_cast<unsigned>(date.day());
  const std::string clock = clock_text(time.since_epoch - day);
  if (!time.year_known) {
    return text_of({" on ", kMonths[month - 1], " ", std::to_string(number), " at ", clock});
  }
  return text_of({" on ", std::to_string(static_cast<int>(date.year())), "-", two_digits(month),
                  "-", two_digits(number), " at ", clock});
}

std::string uptime_text(HostTime uptime) {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(uptime).count();
  constexpr std::string_view kSince = " after the host had booted";
  if (seconds < 120) return text_of({" ", std::to_string(seconds), " s", kSince});
  const std::int64_t minutes = seconds / 60;
  if (minutes < 120) return text_of({" ", std::to_string(minutes), " min", kSince});
  const std::int64_t hours = minutes / 60;
  if (hours < 72) {
    return text_of(
        {" ", std::to_string(hours), " h ", std::to_string(minutes % 60), " min", kSince});
  }
  return text_of(
      {" ", count_text(hours / 24, "day"), " ", std::to_string(hours % 24), " h", kSince});
}

}  // namespace

std::string text_of(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts)
    size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts)
    text += part;
  return text;
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t end = digits.size(); end > first + 3;) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

std::string count_text(std::int64_t count, std::string_view noun, std::string_view plural) {
  if (count == 1) return text_of({"1 ", noun});
  if (!plural.empty()) return text_of({grouped(count), " ", plural});
  return text_of({grouped(count), " ", noun, "s"});
}

std::string share_text(Bytes part, Bytes whole) {
  const std::string percent = percent_text(part, whole);
  // What rounds to nothing is still something.
  if (part != Bytes(0) && (percent == "0.0" || percent == "-0.0")) return "under 0.1 %";
  return percent + " %";
}

std::string percent_number(double percent) {
  std::array<char, 48> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), percent,
                                          std::chars_format::fixed, 1);
  return error == std::errc() ? std::string(digits.data(), end) + " %" : "- %";
}

std::string process_text(std::string_view comm, std::optional<std::int64_t> pid) {
  const std::string_view name = comm.empty() ? std::string_view("a process without a name") : comm;
  if (!pid) return std::string(name);
  return text_of({name, " (pid ", std::to_string(*pid), ")"});
}

std::string list_text(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

std::string when_text(const Snapshot& at) {
  if (at.time) {
    std::string text = wall_text(*at.time);
    if (!text.empty()) return text;
  }
  return at.uptime && *at.uptime >= HostTime(0) ? uptime_text(*at.uptime) : std::string();
}

void add_evidence(std::vector<std::uint64_t>& lines, std::uint64_t line) {
  if (line == 0) return;
  const auto place = std::lower_bound(lines.begin(), lines.end(), line);
  if (place == lines.end() || *place != line) lines.insert(place, line);
}

std::vector<std::uint64_t> evidence(std::initializer_list<std::uint64_t> lines) {
  std::vector<std::uint64_t> sorted;
  sorted.reserve(lines.size());
  for (const std::uint64_t line : lines)
    add_evidence(sorted, line);
  return sorted;
}

}  // namespace oomkit
