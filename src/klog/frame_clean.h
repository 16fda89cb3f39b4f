// Bytes that a log line has only because of its journey: terminal colours, NUL bytes,
// no-break spaces, HTML entities, byte order marks, carriage returns.
//
// Most lines have none of these, so a line is looked at once, sixteen bytes at a time, for
// the few bytes that could begin one, and copied only if there is something to mend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/damage.h"

namespace oomkit {

// Which bytes that may mean something beside themselves a text has.
class OddBytes {
 public:
  enum Kind : std::uint8_t {
    control = 1,  // Below 0x20, but for the tab.
    high = 2,     // 0x80 and above.
    ampersand = 4,
    backslash = 8,
    hash = 16,
  };

  bool has(Kind kind) const { return (kinds_ & kind) != 0; }
  bool has_any(unsigned kinds) const { return (kinds_ & kinds) != 0; }
  void add(Kind kind) { kinds_ = static_cast<std::uint8_t>(kinds_ | kind); }

 private:
  std::uint8_t kinds_ = 0;
};
OddBytes odd_bytes(std::string_view text);

// Has `text` HTML entities that only a pasted web page has: at its front, for a time's or a
// stack's angle bracket, for a blank? A thread's name may hold any other.
bool shows_web_page(std::string_view text);

// `text` without carriage returns at its ends, byte order marks, escape sequences and NUL
// bytes (counted), with blanks for no-break spaces and, `from_web_page`, with HTML entities
// decoded. The result is `text`, a part of it, or `buffer`.
std::string_view clean_text(std::string_view text, OddBytes odd, bool from_web_page,
                            std::string& buffer, DamageCounts& damage);

// The length of the terminal escape sequence that `text` begins with; 0 if it is none.
std::size_t escape_sequence_length(std::string_view text);

// "#012", "\x0a" and "\n" written out where a control character was, undone: "#012" only
// if `syslog` (rsyslog writes so), "\n" only where a log line begins behind it, for a
// name may have a backslash. The result is `text` or `buffer`.
std::string_view undo_written_escapes(std::string_view text, OddBytes odd, bool syslog,
                                      std::string& buffer);

// The \xHH of /dev/kmsg, all of them. The result is `text` or `buffer`.
std::string_view undo_kmsg_escapes(std::string_view text, std::string& buffer);

}  // namespace oomkit
