#include "io/journal_text.h"

#include <chrono>

namespace oomkit {
namespace {

void append_padded(std::string& out, std::int64_t number, std::size_t width, char pad) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), pad);
  out += digits;
}

void append_time(std::string& out, std::int64_t realtime_us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{
      std::chrono::microseconds(realtime_us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::microseconds> clock(time - day);
  append_padded(out, static_cast<int>(date.year()), 4, '0');
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2, '0');
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2, '0');
  out += 'T';
  append_padded(out, clock.hours().count(), 2, '0');
  out += ':';
  append_padded(out, clock.minutes().count(), 2, '0');
  out += ':';
  append_padded(out, clock.seconds().count(), 2, '0');
  out += '.';
  append_padded(out, clock.subseconds().count(), 6, '0');
  out += "+00:00";
}

// A word of the head: what would end it is replaced.
void append_word(std::string& out, std::string_view word) {
  if (word.empty()) out += '-';
  for (const char c : word)
    out += static_cast<unsigned char>(c) <= ' ' || c == ':' || c == '[' || c == ']' ? '_' : c;
}

}  // namespace

void append_journal_lines(std::string& out, const JournalEntry& entry) {
  std::string head;
  append_time(head, entry.realtime_us);
  head += ' ';
  append_word(head, entry.host);
  head += ' ';
  append_word(head, entry.from_kernel ? "kernel" : entry.ident);
  if (!entry.from_kernel && !entry.pid.empty()) {
    head += '[';
    append_word(head, entry.pid);
    head += ']';
  }
  head += ": ";
  if (entry.from_kernel) {
    if (entry.level) {
      head += '<';
      head += std::to_string(*entry.level);
      head += '>';
    }
    if (entry.monotonic_us) {
      head += '[';
      append_padded(head, *entry.monotonic_us / 1'000'000, 5, ' ');
      head += '.';
      append_padded(head, *entry.monotonic_us % 1'000'000, 6, '0');
      head += "] ";
    }
  }
  std::string_view rest = entry.message;
  while (!rest.empty() && rest.back() == '\n')
    rest.remove_suffix(1);
  while (true) {
    const std::size_t end = rest.find('\n');
    out += head;
    out += rest.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace oomkit
