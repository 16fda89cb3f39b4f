// The head of a log line: all that dmesg, syslog, the journal, /dev/kmsg or a container
// runtime put in front of the words.
//
// Heads nest ("2026-11-21T12:22:51Z stdout F Nov 21 12:22:51 host kernel: <4>[ 12.345678] "),
// so they are taken off one by one from the outside, until what follows is none or the kind
// just taken can have nothing but the message behind it. The innermost host and time win:
// they are the nearest to where the line was written. One blank behind a head belongs to it,
// the others to the message.
//
// A form is only taken where kernel text cannot look like it. A word with a colon may be a
// syslog ident, a thread's name ("tmux: server invoked oom-killer") or a host's name and an
// ident, so such words count as a head only behind a time, or if they are known (kernel:) or
// carry a pid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "klog/record.h"

namespace oomkit {

// What one line's head teaches about the next.
struct HeadMemory {
  // The last "host kernel:" behind a syslog time, and the lengths of its two words: most
  // lines of a file repeat it.
  std::string source;
  std::size_t source_host = 0;
  std::size_t source_ident = 0;

  std::string monotonic_host;             // Of journalctl -o short-monotonic.
  std::optional<std::uint64_t> sequence;  // Of the last /dev/kmsg record.
  bool fragments_by_plus = false;         // This kmsg marks continuations by '+' (up to 4.9).
  bool partial = false;                   // The last CRI line was marked as incomplete.
};

struct LogHead {
  LogRecord record;     // All but its text.
  bool kmsg = false;    // From /dev/kmsg: the text has \xHH for what is not printable.
  bool syslog = false;  // From syslog: the text may have #012 for control characters.
};

// Takes all heads off the front of `rest`. True if there was one; else `rest` and `head` are
// as before. Without `memory` nothing is remembered: the caller only wants to know.
bool take_log_head(std::string_view& rest, LogHead& head, HeadMemory* memory);

// Would a head be taken here?
bool begins_with_log_head(std::string_view text);

}  // namespace oomkit
