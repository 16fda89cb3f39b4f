#include "klog/frame_time.h"

#include <array>
#include <cstdint>

#include "core/text.h"

namespace oomkit {
namespace {

constexpr std::size_t kClockLength = 8;  // "12:22:51"

bool digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return false;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return false;
  }
  return true;
}

std::size_t digit_run(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end]))
    ++end;
  return end - at;
}

std::size_t blank_run(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && text[end] == ' ')
    ++end;
  return end - at;
}

bool clock_at(std::string_view text, std::size_t at) {
  return text.size() >= at + kClockLength && text[at + 2] == ':' && text[at + 5] == ':' &&
         digits_at(text, at, 2) && digits_at(text, at + 3, 2) && digits_at(text, at + 6, 2);
}

bool ends_at(std::string_view text, std::size_t at) {
  return at >= text.size() || text[at] == ' ' || text[at] == '\t';
}

// ".572035" or ",572035"; 0 if there is none.
std::size_t fraction_length(std::string_view text, std::size_t at) {
  if (at >= text.size() || (text[at] != '.' && text[at] != ',')) return 0;
  const std::size_t digits = digit_run(text, at + 1);
  return digits == 0 || digits > 9 ? 0 : digits + 1;
}

// "Z", "+00:00", "+0000", " +0000", " UTC"; 0 if there is none.
std::size_t zone_length(std::string_view text, std::size_t at) {
  const std::string_view rest = at < text.size() ? text.substr(at) : std::string_view();
  if (rest.empty()) return 0;
  if (rest[0] == 'Z' || rest[0] == 'z') return 1;
  if (rest.substr(0, 4) == " UTC" && ends_at(rest, 4)) return 4;
  const std::size_t sign = rest[0] == ' ' ? 1 : 0;
  if (rest.size() < sign + 5 || (rest[sign] != '+' && rest[sign] != '-')) return 0;
  if (!digits_at(rest, sign + 1, 2)) return 0;
  const std::size_t minutes = rest[sign + 3] == ':' ? sign + 4 : sign + 3;
  if (!digits_at(rest, minutes, 2) || digit_run(rest, minutes) != 2) return 0;
  return minutes + 2;
}

// Seconds and decimals of a time since boot, from `at` on. The kernel prints six decimals;
// three to nine are taken from those who print it again.
struct UptimeDigits {
  std::size_t end = 0;  // 0: no such number.
  std::size_t decimals = 0;
  HostTime uptime{0};
};

UptimeDigits uptime_digits(std::string_view text, std::size_t at) {
  constexpr std::size_t kSecondsDigitsMax = 10;
  constexpr std::int64_t kSecondsMax = 9'000'000'000;  // Nanoseconds in 64 bits end there.
  constexpr std::size_t kDecimalsMax = 9;
  static constexpr std::array<std::int64_t, kDecimalsMax + 1> kUnits = {
      1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  const char* const end = text.data() + text.size();
  const char* const begin = text.data() + at;
  const char* c = begin;
  const auto take_number = [&c, end](std::size_t digits_max) {
    const char* const last = static_cast<std::size_t>(end - c) < digits_max ? end : c + digits_max;
    std::int64_t value = 0;
    for (; c != last && is_digit(*c); ++c)
      value = value * 10 + (*c - '0');
    return value;
  };
  UptimeDigits digits;
  const std::int64_t seconds = take_number(kSecondsDigitsMax);
  if (c == begin || c == end || *c != '.' || seconds > kSecondsMax) return digits;
  const char* const decimals_at = ++c;
  const std::int64_t decimals = take_number(kDecimalsMax);
  if (c - decimals_at < 3) return digits;
  digits.end = static_cast<std::size_t>(c - text.data());
  digits.decimals = static_cast<std::size_t>(c - decimals_at);
  digits.uptime = HostTime(seconds * kUnits[0] + decimals * kUnits[digits.decimals]);
  return digits;
}

// What vendors' kernels put behind the time in its bracket: "[12345.678901,0]",
// "[12345.678901 / 06-12 05:12:34.123]", "[12345.678901@2]". Up to the bracket.
std::size_t annotation_length(std::string_view text, std::size_t at) {
  constexpr std::size_t kAnnotationMax = 40;
  if (at >= text.size() || std::string_view(",@ ").find(text[at]) == std::string_view::npos)
    return 0;
  std::size_t digits = 0;
  for (std::size_t i = at; i < text.size() && i - at < kAnnotationMax; ++i) {
    if (text[i] == ']') return digits == 0 ? 0 : i - at;
    if (is_digit(text[i])) {
      ++digits;
    } else if (std::string_view(" ,@/-:.").find(text[i]) == std::string_view::npos) {
      return 0;
    }
  }
  return 0;
}

// The " <    0.000017>" that dmesg -d puts behind a time.
std::size_t delta_length(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != " <") return 0;
  std::size_t i = at + 2 + blank_run(text, at + 2);
  const std::size_t begin = i;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.'))
    ++i;
  return i == begin || i >= text.size() || text[i] != '>' ? 0 : i + 1 - at;
}

// One word of a date before its clock.
enum class DateWord { name, day, year, iso_date, clock, none };

struct DateToken {
  DateWord kind = DateWord::none;
  std::size_t length = 0;
};

DateToken date_token(std::string_view text, std::size_t at) {
  if (clock_at(text, at)) return {DateWord::clock, kClockLength};
  std::size_t end = at;
  std::size_t letters = 0;
  while (end < text.size() && text[end] != ' ' && end - at < 20) {
    const char c = text[end];
    const bool letter = is_alpha(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!letter && !is_digit(c) && c != '.' && c != ',' && c != '-') return {};
    if (letter) ++letters;
    ++end;
  }
  const std::size_t length = end - at;
  const std::string_view word = text.substr(at, length);
  if (length == 0 || end >= text.size()) return {};
  const std::size_t digits = digit_run(word, 0);
  if (letters == 0) {
    const std::size_t mark =
        digits < length && (word[digits] == '.' || word[digits] == ',') ? 1U : 0U;
    if ((digits == 1 || digits == 2) && digits + mark == length) return {DateWord::day, length};
    if (digits == 4 && length == 4) return {DateWord::year, length};
    if (length == 10 && word[4] == '-' && word[7] == '-') return {DateWord::iso_date, length};
    return {};
  }
  // Japanese, Chinese and Korean months are a number and one letter.
  const bool numbered = digits > 0 && digits <= 2 && letters == 3 && length == digits + 3;
  if (digits > 0 && !numbered) return {};
  return letters >= 2 ? DateToken{DateWord::name, length} : DateToken{};
}

// "Nov 21 12:22:51" and "Dec 4 00:01:23", by far the most frequent.
std::size_t plain_syslog_length(std::string_view text) {
  if (text.size() < 14 || text[3] != ' ' || !is_alpha(text[0]) || !is_alpha(text[1]) ||
      !is_alpha(text[2])) {
    return 0;
  }
  if (text[6] == ' ') {
    const bool day = is_digit(text[5]) && (is_digit(text[4]) || text[4] == ' ');
    return day && clock_at(text, 7) ? 15 : 0;
  }
  return is_digit(text[4]) && text[5] == ' ' && clock_at(text, 6) ? 14 : 0;
}

// What may follow the clock of a full date: a zone's name or offset and the year.
std::size_t date_tail_length(std::string_view text, std::size_t at, bool has_year) {
  std::size_t end = at;
  const std::size_t offset = zone_length(text, end);
  if (offset != 0) {
    end += offset;
  } else if (end + 1 < text.size() && text[end] == ' ' && is_alpha(text[end + 1])) {
    std::size_t word = end + 1;
    while (word < text.size() && text[word] >= 'A' && text[word] <= 'Z')
      ++word;
    const std::size_t letters = word - end - 1;
    const bool year_follows = digits_at(text, word + 1, 4) && ends_at(text, word + 5);
    if (letters >= 3 && letters <= 5 && ends_at(text, word) && (has_year || year_follows))
      end = word;
  }
  if (!has_year && end < text.size() && text[end] == ' ' && digits_at(text, end + 1, 4) &&
      (text[end + 1] == '1' || text[end + 1] == '2') && digit_run(text, end + 1) == 4 &&
      (ends_at(text, end + 5) || text[end + 5] == ':' || text[end + 5] == ']')) {
    end += 5;
  }
  return end - at;
}

}  // namespace

std::size_t uptime_length(std::string_view text, HostTime& uptime) {
  if (text.empty()) return 0;
  const bool opened = text[0] == '[';
  const std::size_t begin = opened ? 1 + blank_run(text, 1) : 0;
  const UptimeDigits digits = uptime_digits(text, begin);
  if (digits.end == 0) return 0;
  std::size_t end = digits.end;
  if (end < text.size() && text[end] != ']') {
    end += delta_length(text, end);
    if (opened && end == digits.end) end += annotation_length(text, end);
  }
  const bool closed = end < text.size() && text[end] == ']';
  if (closed) {
    ++end;
  } else if (!opened || digits.decimals != 6 || !ends_at(text, end)) {
    return 0;
  }
  if (!opened && digits.decimals != 6) return 0;
  uptime = digits.uptime;
  return end;
}

std::size_t strict_uptime_length(std::string_view text) {
  if (text.size() < 10 || text[0] != '[') return 0;
  const std::size_t begin = 1 + blank_run(text, 1);
  if (begin > 7) return 0;
  const UptimeDigits digits = uptime_digits(text, begin);
  // The kernel pads the seconds to five places.
  if (digits.end < 13 || digits.decimals != 6 || digits.end >= text.size()) return 0;
  if (text[digits.end] != ']') return 0;
  const std::size_t end = digits.end + 1;
  return ends_at(text, end) || text[end] == '[' ? end : 0;
}

std::size_t iso_stamp_length(std::string_view text) {
  if (text.size() < 19 || !digits_at(text, 0, 4) || (text[4] != '-' && text[4] != '/') ||
      text[7] != text[4] || !digits_at(text, 5, 2) || !digits_at(text, 8, 2)) {
    return 0;
  }
  if (text[10] != 'T' && text[10] != ' ' && text[10] != 't') return 0;
  if (!clock_at(text, 11)) return 0;
  std::size_t end = 11 + kClockLength;
  end += fraction_length(text, end);
  end += zone_length(text, end);
  return ends_at(text, end) || text[end] == ']' || text[end] == ':' || text[end] == '|' ? end : 0;
}

std::size_t calendar_stamp_length(std::string_view text) {
  if (const std::size_t plain = plain_syslog_length(text); plain != 0) {
    std::size_t end = plain + fraction_length(text, plain);
    // A zone in capitals or a year behind the clock: most hosts' names are in small letters.
    if (end + 1 < text.size() && text[end + 1] <= 'Z') {
      end += date_tail_length(text, end, false);
    }
    return ends_at(text, end) || text[end] == ']' || text[end] == ':' ? end : 0;
  }
  // Nothing before the clock has a colon.
  constexpr std::size_t kDateMax = 48;
  const std::size_t colon = text.substr(0, kDateMax).find(':');
  if (colon == std::string_view::npos || colon < 7 || !clock_at(text, colon - 2)) return 0;
  int names = 0;
  int days = 0;
  int years = 0;
  int dates = 0;
  std::size_t at = 0;
  for (int words = 0; words < 6; ++words) {
    const DateToken token = date_token(text, at);
    if (token.kind == DateWord::none) return 0;
    at += token.length;
    if (token.kind == DateWord::clock) {
      const bool spelled = names >= 1 && names <= 2 && days == 1 && dates == 0;
      const bool numeric = names == 1 && days == 0 && dates == 1 && years == 0;
      if (years > 1 || !(spelled || numeric)) return 0;
      at += fraction_length(text, at);
      at += date_tail_length(text, at, years == 1 || dates == 1);
      return ends_at(text, at) || text[at] == ']' || text[at] == ':' ? at : 0;
    }
    names += token.kind == DateWord::name ? 1 : 0;
    days += token.kind == DateWord::day ? 1 : 0;
    years += token.kind == DateWord::year ? 1 : 0;
    dates += token.kind == DateWord::iso_date ? 1 : 0;
    const std::size_t blanks = blank_run(text, at);
    if (blanks == 0 || blanks > 3) return 0;
    at += blanks;
  }
  return 0;
}

std::size_t epoch_stamp_length(std::string_view text) {
  if (digit_run(text, 0) != 10 || text.size() < 18 || text[10] != '.') return 0;
  return digit_run(text, 11) == 6 && ends_at(text, 17) ? 17 : 0;
}

std::size_t logcat_stamp_length(std::string_view text) {
  if (text.size() < 19 || text[2] != '-' || text[5] != ' ' || text[14] != '.') return 0;
  return digits_at(text, 0, 2) && digits_at(text, 3, 2) && clock_at(text, 6) &&
                 digit_run(text, 15) == 3 && text[18] == ' '
             ? 18
             : 0;
}

std::size_t bracket_stamp_length(std::string_view text, std::string_view& stamp) {
  constexpr std::size_t kBracketMax = 72;
  // "[Thu Aug 17 17:29:27 2023]"
  if (text.size() >= 26 && text[25] == ']' && text[4] == ' ' && text[8] == ' ' &&
      is_alpha(text[5]) && text[20] == ' ' && clock_at(text, 12) && digits_at(text, 21, 4)) {
    stamp = text.substr(1, 24);
    return 26;
  }
  const std::size_t close = text.substr(0, kBracketMax).find(']');
  if (close == std::string_view::npos || close < 8) return 0;
  std::string_view inside = text.substr(1, close - 1);
  if (const std::size_t delta = inside.find(" <"); delta != std::string_view::npos) {
    if (delta_length(inside, delta) == inside.size() - delta) inside = inside.substr(0, delta);
  }
  stamp = inside;
  const std::string_view trimmed = trim(inside);
  if (trimmed.empty()) return 0;
  if (calendar_stamp_length(trimmed) == trimmed.size()) return close + 1;
  if (iso_stamp_length(trimmed) == trimmed.size()) return close + 1;
  // dmesg -e: "Nov21 12:22" once a minute, "+0.000017" between.
  if (trimmed[0] == '+') {
    const UptimeDigits digits = uptime_digits(trimmed, 1);
    stamp = {};
    return digits.end == trimmed.size() && digits.decimals == 6 ? close + 1 : 0;
  }
  const std::size_t clock = trimmed.size() < 9 ? 0 : trimmed.size() - 5;
  if (clock > 3 && trimmed[clock - 1] == ' ' && trimmed[clock + 2] == ':' &&
      digits_at(trimmed, clock, 2) && digits_at(trimmed, clock + 3, 2) &&
      is_digit(trimmed[clock - 2]) && !is_digit(trimmed[0])) {
    return close + 1;
  }
  return 0;
}

}  // namespace oomkit
