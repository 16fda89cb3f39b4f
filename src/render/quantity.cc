#include "render/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/size_text.h"

namespace oomkit {
namespace {

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::weekday weekday;
  std::int64_t hour = 0, minute = 0, second = 0, microsecond = 0;
};

// Nothing for a time beyond the years that a calendar has: a log may say anything.
std::optional<Civil> civil_of(const WallTime& time) {
  constexpr std::int64_t kDayUs = 86'400'000'000;
  constexpr std::int64_t kDaysMax = 2'900'000;  // About the year 9900.
  const std::int64_t us = time.since_epoch.count();
  std::int64_t days = us / kDayUs;
  if (us % kDayUs < 0) --days;
  if (days > kDaysMax || days < -kDaysMax) return std::nullopt;
  const std::int64_t rest = us - days * kDayUs;
  const std::chrono::sys_days day{std::chrono::days(days)};
  Civil civil;
  civil.date = std::chrono::year_month_day(day);
  civil.weekday = std::chrono::weekday(day);
  civil.hour = rest / 3'600'000'000;
  civil.minute = rest / 60'000'000 % 60;
  civil.second = rest / 1'000'000 % 60;
  civil.microsecond = rest % 1'000'000;
  return civil;
}

std::string padded(std::int64_t number, std::size_t digits, char fill = '0') {
  std::string text = std::to_string(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), fill);
  return text;
}

std::string clock_text(const Civil& civil) {
  return padded(civil.hour, 2) + ":" + padded(civil.minute, 2) + ":" + padded(civil.second, 2);
}

std::string date_text(const Civil& civil) {
  return padded(static_cast<int>(civil.date.year()), 4) + "-" +
         padded(static_cast<unsigned>(civil.date.month()), 2) + "-" +
         padded(static_cast<unsigned>(civil.date.day()), 2);
}

// "Dec  4", as syslog has it.
std::string month_day_text(const Civil& civil) {
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return std::string(kMonths[static_cast<unsigned>(civil.date.month()) - 1]) + " " +
         padded(static_cast<unsigned>(civil.date.day()), 2, ' ');
}

std::string fixed(double number, int decimals) {
  // Beyond 2^63 a number would no longer fit a decimal rendering without an exponent.
  const double bounded = std::clamp(number, -9e15, 9e15);
  const double scale = std::pow(10.0, decimals);
  const auto scaled = static_cast<std::int64_t>(std::llround(std::fabs(bounded) * scale));
  const auto unit = static_cast<std::int64_t>(scale);
  std::string text = bounded < 0 && scaled != 0 ? "-" : "";
  text += std::to_string(scaled / unit);
  if (decimals > 0) text += "." + padded(scaled % unit, static_cast<std::size_t>(decimals));
  return text;
}

}  // namespace

std::string grouped_text(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) text += ',';
    text += digits[at];
  }
  return text;
}

std::string rate_text(double bytes_per_s) {
  if (!std::isfinite(bytes_per_s)) return "an unknown rate";
  const double bounded = std::clamp(bytes_per_s, -9e18, 9e18);
  return size_text(Bytes(static_cast<std::int64_t>(bounded))) + "/s";
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "an unknown time";
  if (seconds == 0) return "0 s";
  if (seconds < 10) return fixed(seconds, 1) + " s";
  if (seconds < 600) return fixed(seconds, 0) + " s";
  if (seconds < 7200) return fixed(seconds / 60, 0) + " min";
  if (seconds < 172'800) {
    const auto minutes = static_cast<std::int64_t>(seconds / 60);
    return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  }
  return fixed(seconds / 86'400, 1) + " days";
}

std::string wall_time_text(const WallTime& time) {
  const auto civil = civil_of(time);
  if (!civil) return "an impossible time";
  if (!time.year_known) return month_day_text(*civil) + " " + clock_text(*civil);
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  std::string text = std::string(kDays[civil->weekday.c_encoding()]) + " " +
                     month_day_text(*civil) + " " + clock_text(*civil) + " " +
                     padded(static_cast<int>(civil->date.year()), 4);
  if (time.zone_known) text += " UTC";
  return text;
}

std::string short_time_text(const WallTime& time) {
  const auto civil = civil_of(time);
  if (!civil) return "-";
  if (!time.year_known) return month_day_text(*civil) + " " + clock_text(*civil);
  return date_text(*civil) + " " + clock_text(*civil);
}

std::string iso_time_text(const WallTime& time) {
  const auto civil = civil_of(time);
  if (!civil) return "";
  std::string text = date_text(*civil);
  if (!time.year_known) text = "-" + text.substr(text.size() - 6);
  text += "T" + clock_text(*civil);
  if (civil->microsecond != 0) text += "." + padded(civil->microsecond, 6);
  if (time.zone_known) text += "Z";
  return text;
}

std::string line_ranges_text(std::vector<std::uint64_t> lines, std::size_t ranges_max) {
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  if (!lines.empty() && lines.front() == 0) lines.erase(lines.begin());
  std::string text;
  std::size_t ranges = 0;
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin + 1;
    while (end < lines.size() && lines[end] == lines[end - 1] + 1)
      ++end;
    if (ranges == ranges_max)
      return text + " and " + std::to_string(lines.size() - begin) + " more";
    if (ranges++ != 0) text += ", ";
    text += std::to_string(lines[begin]);
    if (end - begin > 1) text += "-" + std::to_string(lines[end - 1]);
    begin = end;
  }
  return text;
}

std::string bar_text(double share, std::size_t cells) {
  if (!(share > 0)) return "";
  constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double bounded = std::min(share, 1.0);
  auto eighths = static_cast<std::size_t>(std::llround(bounded * static_cast<double>(cells) * 8));
  // Less than what reads as 0.1 % is shown as nothing, as its number is.
  if (eighths == 0 && share >= 0.0005) eighths = 1;
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i)
    text += "█";
  text += kEighths[eighths % 8];
  return text;
}

double share_of(Bytes part, Bytes whole) {
  if (whole.count() == 0) return 0;
  return static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

std::string damage_text(Damage kind, std::uint64_t count) {
  return std::string(describe(kind).sentence) + " (" + grouped_text(count) + ")";
}

std::string share_percent_text(double share) {
  return fixed(100 * share, 1) + " %";
}

}  // namespace oomkit
