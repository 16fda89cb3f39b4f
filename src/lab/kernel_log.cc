#include "lab/kernel_log.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

#include "core/text.h"

namespace oomkit {
namespace {

using std::chrono::microseconds;

constexpr std::string_view kPanic = "Kernel panic - not syncing";

// "   12.345678", as the kernel and dmesg write it.
void append_stamp(std::string& out, microseconds time) {
  const auto whole = time.count() / 1'000'000;
  std::string seconds = std::to_string(whole);
  std::string micros = std::to_string(time.count() % 1'000'000);
  if (seconds.size() < 5) seconds.insert(0, 5 - seconds.size(), ' ');
  micros.insert(0, 6 - std::min<std::size_t>(micros.size(), 6), '0');
  out += '[' + seconds + '.' + micros + "] ";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// /dev/kmsg writes what is not plainly printable, and the backslash, as \x1b: that is undone,
// but for control characters. They stay as they are seen, and a line stays one line.
std::string kmsg_unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x') {
      const int high = hex_digit(text[i + 2]);
      const int low = hex_digit(text[i + 3]);
      const int value = high * 16 + low;
      if (high >= 0 && low >= 0 && (value >= 0x20 || value == '\n' || value == '\t') &&
          value != 0x7f) {
        out += static_cast<char>(value);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

struct Line {
  microseconds time{0};
  std::string_view text;
};

// "[    2.345678] words", also with the caller of CONFIG_PRINTK_CALLER behind the time.
std::optional<Line> console_line(std::string_view line) {
  Cursor cursor(line);
  if (!cursor.take("[")) return std::nullopt;
  cursor.skip_spaces();
  const auto seconds = cursor.take_integer<std::uint32_t>();
  if (!seconds || !cursor.take(".")) return std::nullopt;
  const std::size_t begin = cursor.offset();
  const auto micros = cursor.take_integer<std::uint32_t>();
  if (!micros || cursor.offset() - begin != 6 || !cursor.take("] ")) return std::nullopt;
  return Line{std::chrono::seconds(*seconds) + microseconds(*micros), cursor.rest()};
}

class Builder {
 public:
  // One record: "6,1234,5678901,-;text", its dictionary (" KEY=value") in lines of its own.
  void add_record(std::string_view record) {
    if (record.starts_with(' ')) return;
    Cursor cursor(record);
    const auto level = cursor.take_integer<std::uint32_t>();
    const bool comma = cursor.take(",");
    const auto sequence = cursor.take_integer<std::uint64_t>();
    const bool second_comma = cursor.take(",");
    const auto time = cursor.take_integer<std::uint64_t>();
    constexpr auto kTimeMax = static_cast<std::uint64_t>(INT64_MAX / 1000);
    const auto rest = cursor.take_until(";");
    if (!level || !comma || !sequence || !second_comma || !time || !rest || *time > kTimeMax) {
      ++log_.unreadable;
      return;
    }
    if (next_sequence_ && *sequence > *next_sequence_) log_.lost += *sequence - *next_sequence_;
    next_sequence_ = *sequence + 1;
    const std::string text = kmsg_unescaped(cursor.rest());
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      add_line({microseconds(*time), std::string_view(text).substr(begin, end - begin)});
      begin = end + 1;
    }
  }

  // From the console only what the records do not have.
  void add_console(std::string_view line) {
    const auto found = console_line(line);
    if (!found) return;
    if (log_.last) {
      const auto last = std::chrono::duration_cast<microseconds>(*log_.last);
      if (found->time < last) return;
      if (found->time == last && at_last_.count(std::string(found->text)) != 0) return;
    }
    ++log_.from_console;
    add_line(*found);
  }

  KernelLog take() { return std::move(log_); }

 private:
  void add_line(Line line) {
    append_stamp(log_.text, line.time);
    log_.text += line.text;
    log_.text += '\n';
    if (log_.last != HostTime(line.time)) at_last_.clear();
    at_last_.insert(std::string(line.text));
    log_.last = line.time;
    if (!log_.begin && line.text.find(kBeginMark) != std::string_view::npos) log_.begin = line.time;
    // The report of the panic ends with "---[ end Kernel panic - ...": the first counts.
    if (!log_.panic && line.text.starts_with(kPanic)) {
      log_.panic = line.text;
      log_.panic_time = line.time;
    }
  }

  KernelLog log_;
  std::optional<std::uint64_t> next_sequence_;
  std::set<std::string> at_last_;  // The lines that have the last line's time.
};

template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) take(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

KernelLog make_kernel_log(std::string_view kmsg, std::string_view console) {
  Builder builder;
  each_line(kmsg, [&](std::string_view record) { builder.add_record(record); });
  each_line(console, [&](std::string_view line) { builder.add_console(line); });
  return builder.take();
}

}  // namespace oomkit
