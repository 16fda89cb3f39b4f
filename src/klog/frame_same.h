// Plain lines behind the same frame as the line before.
//
// A kernel prints a report within the same second: up to its own time, if there is one, each
// line begins with the very bytes of the last. What the general way (frame_head.h) found in
// them is then found again, and need not be looked for. Only what is plain is taken: text
// without any byte that means something to any other step of framing. Everything else goes
// the general way, which is also what this is tested against.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "klog/frame_head.h"
#include "klog/record.h"

namespace oomkit {

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

// Text that no step of framing would change or split. `row`: "[ 1234]   0  1234 ...", which is
// no head of any kind. `words`: none if the kernel's own time stands before it.
enum class PlainText : std::uint8_t { none, row, words };
PlainText plain_text(std::string_view text);

// How long the line is that `text` begins with, if plain_text() says that it is a row; else 0.
// And 0 if it ends in a byte that might be a mail's or a journal's, is longer than a row may be,
// or if there are not kPadding bytes behind it: then it has to go another way.
std::size_t plain_row_size(std::string_view text);

}  // namespace oomkit
