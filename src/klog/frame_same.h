// Plain lines behind the same frame as the line before.
//
// A kernel prints a report within the same second: up to its own time, if there is one, each
// line begins with the very bytes of the last. What the general way (frame_head.h) found in
// them is then found again, and need not be looked for. Only what is plain is taken: text
// without any byte that means something to any other step of framing. Everything else goes
// the general way, which is also what this is tested against.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "klog/frame_head.h"
#include "klog/line_number.h"
#include "klog/record.h"

namespace oomkit {

// What stands before each row of a table: whoever reads many rows (reader.cc) takes it off
// himself. With a time up to its decimals, for a table is printed within a second.
struct RowFrame {
  std::string_view prefix;
  bool has_uptime = false;
  HostTime second{};

  std::size_t size() const { return prefix.size() + (has_uptime ? sizeof(std::uint64_t) : 0); }
  // The place behind the frame that `at` begins with, or null. Sets the uptime if it has one.
  const char* take(const char* at, const char* end, HostTime& uptime) const;
};

class SameFrame {
 public:
  // A line whose head has been taken off: `text` is what is left of `line`.
  void learn(std::string_view line, std::string_view text, const LogHead& head);
  void forget() { known_ = false; }

  // Is `line` plain text behind the frame that was learned? Then record() is its record.
  bool take(std::string_view line, std::uint64_t number);
  // Only rows, of whose text behind the frame plain_row_size() says what is taken. `text` goes on
  // behind the line.
  bool take_row(std::string_view text, std::uint64_t number);
  const LogRecord& record() const { return record_; }
  // Of the row that take_row() took last. Empty if there is none.
  RowFrame row_frame() const;

 private:
  bool take_frame(std::string_view& line, HostTime& uptime) const;
  bool take_row_frame(std::string_view& text, HostTime& uptime);
  void learn_second(std::string_view frame, HostTime uptime);
  void make_record(std::string_view text, std::uint64_t number, HostTime uptime, bool row);

  bool known_ = false;
  bool has_uptime_ = false;
  std::uint32_t frames_ = 0;  // How many were learned.
  std::string prefix_;        // Up to the uptime's bracket, or to the text.
  LogRecord record_;          // Its views point into prefix_.
  // The prefix with the seconds of the last row's time and the point behind them, and those
  // seconds: a table is printed within one. Empty if there was no row since learn().
  std::string second_prefix_;
  HostTime second_{};
};

inline const char* RowFrame::take(const char* at, const char* end, HostTime& uptime) const {
  const std::size_t size = prefix.size();
  if (end - at < static_cast<std::ptrdiff_t>(size + sizeof(std::uint64_t)) ||
      std::memcmp(at, prefix.data(), size) != 0) {
    return nullptr;
  }
  at += size;
  if (!has_uptime) return at;
  // "678901] ": what is left of each byte is the digit's value, or nothing.
  constexpr std::uint64_t kForm = 0x205d303030303030U;
  constexpr std::uint64_t kAllowed = 0x7f7f767676767676U;  // Makes more than that overflow.
  const std::uint64_t values = word_at(at) ^ kForm;
  if ((((values + kAllowed) | values) & 0x8080808080808080U) != 0) return nullptr;
  constexpr std::size_t kDecimals = 6;
  constexpr std::int64_t kNanoseconds = 1000;
  uptime =
      second + HostTime(static_cast<std::int64_t>(sum_of_digits(values, kDecimals)) * kNanoseconds);
  return at + sizeof values;
}

// Text that no step of framing would change or split. `row`: "[ 1234]   0  1234 ...", which is
// no head of any kind. `words`: none if the kernel's own time stands before it.
enum class PlainText : std::uint8_t { none, row, words };
PlainText plain_text(std::string_view text);

// How long the line is that `text` begins with, if plain_text() says that it is a row; else 0.
// And 0 if it ends in a byte that might be a mail's or a journal's, is longer than a row may be,
// or if there are not kPadding bytes behind it: then it has to go another way.
std::size_t plain_row_size(std::string_view text);

}  // namespace oomkit
