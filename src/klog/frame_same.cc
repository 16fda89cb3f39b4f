#include "klog/frame_same.h"

#include <bit>
#include <cstring>

#include "core/text.h"
#include "klog/frame_blanks.h"
#include "klog/line_number.h"
#include "klog/plain_bytes.h"

namespace oomkit {
namespace {

constexpr std::size_t kPrefixMax = 512;  // A longer one is no frame that repeats.

constexpr std::size_t kDecimals = 6;  // Of the kernel's time.

// "12345.678901] ", as the kernel prints its time behind the bracket and the blanks; the
// length, or 0.
std::size_t take_uptime(std::string_view text, HostTime& uptime) {
  constexpr std::size_t kSecondsDigitsMax = 9;
  const char* const end = text.data() + text.size();
  const std::size_t blanks = scan_blanks(text.data(), end);
  const Digits seconds = scan_digits(text.data() + blanks, end);
  if (seconds.length == 0 || seconds.length > kSecondsDigitsMax) return 0;
  const std::size_t point = blanks + seconds.length;
  if (text.size() < point + kDecimals + 3 || text[point] != '.') return 0;
  const Digits decimals = scan_digits(text.data() + point + 1, end);
  const std::size_t close = point + 1 + kDecimals;
  if (decimals.length != kDecimals || text[close] != ']' || text[close + 1] != ' ') return 0;
  uptime = HostTime(static_cast<std::int64_t>(seconds.value) * 1'000'000'000 +
                    static_cast<std::int64_t>(decimals.value) * 1000);
  return close + 2;
}

// A view into `line` as one into `prefix`, which is the beginning of `line`. Nothing if it
// does not lie there.
bool move_view(std::string_view& view, std::string_view line, std::string_view prefix) {
  if (view.empty()) {
    view = {};
    return true;
  }
  if (view.data() < line.data()) return false;
  const auto at = static_cast<std::size_t>(view.data() - line.data());
  if (at > prefix.size() || view.size() > prefix.size() - at) return false;
  view = prefix.substr(at, view.size());
  return true;
}

// Eight digits and more could be a date.
constexpr std::size_t kPidDigitsMax = 7;

bool is_plain_row(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* at = text.data() + 1;
  at += scan_blanks(at, end);
  const Digits pid = scan_digits(at, end);
  at += pid.length;
  if (pid.length - 1 >= kPidDigitsMax || at == end || *at != ']') return false;
  ++at;
  const std::size_t blanks = scan_blanks(at, end);
  const char* number = at + blanks;
  if (number != end && *number == '-') ++number;
  if (blanks == 0 || number == end || !is_digit(*number)) return false;
  return all_plain(at, static_cast<std::size_t>(end - at));
}

bool is_plain_words(std::string_view text) {
  const std::string_view words = without_blanks(text);
  if (words.empty() || !(is_alpha(words[0]) || is_digit(words[0]))) return false;
  if (words.starts_with("data:") || words.starts_with("message repeated ")) return false;
  // The one line of most reports whose brackets are no time's.
  constexpr std::string_view kReserve = "lowmem_reserve[]:";
  if (text.starts_with(kReserve)) text.remove_prefix(kReserve.size());
  // "kernel:" or "name[12]:", which behind a time are whose words these are.
  constexpr std::string_view kKernel = "kernel";
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view word = text.substr(0, colon);
    if (word.ends_with(']') || word.ends_with(kKernel)) return false;
  }
  return all_plain(text.data(), text.size());
}

}  // namespace

PlainText plain_text(std::string_view text) {
  // A page may have put its tags behind a line.
  if (text.empty() || text.back() == '>') return PlainText::none;
  if (text[0] == '[') return is_plain_row(text) ? PlainText::row : PlainText::none;
  return is_plain_words(text) ? PlainText::words : PlainText::none;
}

std::size_t plain_row_size(std::string_view text) {
  if (text.empty() || text[0] != '[') return 0;
  const char* const text_end = text.data() + text.size();
  const char* const end = skip_plain(text.data() + 1, text_end);
  if (text_end - end < static_cast<std::ptrdiff_t>(kPadding) || *end != '\n') return 0;
  // The line's end is neither blank nor digit, so nothing here runs beyond it.
  const char* const pid = padded_blanks(text.data() + 1);
  const Digits digits = padded_digits(pid);
  const char* const close = pid + digits.length;
  if (digits.length - 1 >= kPidDigitsMax || *close != ']') return 0;
  const char* const next = padded_blanks(close + 1);
  if (next == close + 1 || !is_digit(*next == '-' ? next[1] : *next)) return 0;
  // "<br>" of a page, "=" of a mail, and "]" of a head that journalctl -o verbose prints.
  const char last = end[-1];
  if (last == '>' || last == '=' || last == ']') return 0;
  const auto size = static_cast<std::size_t>(end - text.data());
  return size <= PlainRow::kSizeMax ? size : 0;
}

void SameFrame::learn(std::string_view line, std::string_view text, const LogHead& head) {
  // A record of /dev/kmsg is numbered, and one that goes on is no line of its own.
  if (head.kmsg || head.record.continues || head.record.lost_before) return;
  const PlainText plain = plain_text(text);
  if (plain == PlainText::none || (plain == PlainText::words && !head.record.uptime)) return;
  known_ = false;
  std::size_t size = line.size() - text.size();
  if (size > kPrefixMax || line.data() + size != text.data()) return;
  has_uptime_ = head.record.uptime.has_value();
  if (has_uptime_) {
    const std::size_t bracket = line.substr(0, size).rfind('[');
    HostTime uptime{};
    if (bracket == std::string_view::npos ||
        take_uptime(line.substr(bracket + 1), uptime) != size - bracket - 1 ||
        uptime != *head.record.uptime) {
      return;
    }
    size = bracket + 1;
  }
  prefix_.assign(line.substr(0, size));
  second_prefix_.clear();
  record_ = head.record;
  for (std::string_view* const view :
       {&record_.host, &record_.ident, &record_.caller, &record_.stamp}) {
    // What the head itself said, as "kernel" for its own time, is no view into the line.
    if (*view == "kernel" && view == &record_.ident) {
      *view = "kernel";
      continue;
    }
    if (!move_view(*view, line, prefix_)) return;
  }
  if (++frames_ == 0) ++frames_;
  record_.frame = frames_;
  known_ = true;
}

// Takes the frame off the front of `line`, if it is there.
bool SameFrame::take_frame(std::string_view& line, HostTime& uptime) const {
  if (!known_ || line.size() <= prefix_.size() ||
      std::memcmp(line.data(), prefix_.data(), prefix_.size()) != 0) {
    return false;
  }
  line.remove_prefix(prefix_.size());
  if (!has_uptime_) return true;
  const std::size_t length = take_uptime(line, uptime);
  line.remove_prefix(length);
  return length != 0;
}

void SameFrame::make_record(std::string_view text, std::uint64_t number, HostTime uptime,
                            bool row) {
  if (has_uptime_) record_.uptime = uptime;
  record_.text = text;
  record_.line = number;
  record_.plain_row = row && record_.framed;
}

bool SameFrame::take(std::string_view line, std::uint64_t number) {
  HostTime uptime{};
  if (!take_frame(line, uptime)) return false;
  const PlainText plain = plain_text(line);
  if (plain == PlainText::none || (plain == PlainText::words && !has_uptime_)) return false;
  make_record(line, number, uptime, plain == PlainText::row);
  return true;
}

bool SameFrame::take_row(std::string_view text, std::uint64_t number) {
  if (!known_ || !record_.framed) return false;
  HostTime uptime{};
  if (!take_row_frame(text, uptime)) return false;
  const std::size_t size = plain_row_size(text);
  if (size == 0) return false;
  make_record(text.substr(0, size), number, uptime, true);
  return true;
}

RowFrame SameFrame::row_frame() const {
  if constexpr (std::endian::native != std::endian::little) return {};
  if (!known_ || !record_.framed) return {};
  if (has_uptime_) return {second_prefix_, true, second_};
  return {prefix_, false, {}};
}

// As take_frame(), with a shorter way for lines of the same second.
bool SameFrame::take_row_frame(std::string_view& text, HostTime& uptime) {
  if (!has_uptime_) return take_frame(text, uptime);
  const std::size_t size = second_prefix_.size();
  const bool same = size != 0 && text.size() >= size + kDecimals + 2 &&
                    std::memcmp(text.data(), second_prefix_.data(), size) == 0;
  if (!same) {
    const std::string_view line = text;
    if (!take_frame(text, uptime)) return false;
    learn_second(line.substr(0, line.size() - text.size()), uptime);
    return true;
  }
  // "678901] "
  const char* const decimals = text.data() + size;
  const Digits digits = scan_digits(decimals, text.data() + text.size());
  if (digits.length != kDecimals || decimals[kDecimals] != ']' || decimals[kDecimals + 1] != ' ') {
    return false;
  }
  uptime = second_ + HostTime(static_cast<std::int64_t>(digits.value) * 1000);
  text.remove_prefix(size + kDecimals + 2);
  return true;
}

// `frame` is a whole one: "... [12345.678901] ".
void SameFrame::learn_second(std::string_view frame, HostTime uptime) {
  second_prefix_.assign(frame.substr(0, frame.size() - kDecimals - 2));
  second_ = std::chrono::floor<std::chrono::seconds>(uptime);
}

}  // namespace oomkit
