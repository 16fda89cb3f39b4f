// One line of a log with its frame taken off.
//
// The same kernel words reach people in dozens of frames: dmesg in five time formats,
// /dev/kmsg, syslog old and new, journalctl in seven, container wrappers, mails. The
// framing step removes all of that and keeps what it told. It never interprets the
// kernel's words themselves.
//
// Views point into the reader's buffers and live until the next record is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.h"

namespace oomkit {

struct LogRecord {
  std::string_view text;   // What the kernel (or daemon) said, leading blanks kept.
  std::uint64_t line = 0;  // 1-based, of the physical line in the input.

  std::string_view host;    // "" if the frame has none.
  std::string_view ident;   // "kernel", "earlyoom", "systemd-oomd"; "" if the frame has none.
  std::string_view caller;  // "T1234" or "C0" of PRINTK_CALLER; "".
  std::optional<HostTime> uptime;
  std::string_view stamp;    // The calendar time as printed; parse_stamp() reads it.
  std::optional<int> level;  // 0 (emerg) to 7 (debug), where the frame tells.

  bool framed =
      false;  // A frame was there: without one, in a framed log, a line continues another.
  bool continues = false;    // The frame itself says so: a kmsg or journal entry of several lines.
  bool lost_before = false;  // The frame itself shows that records are missing before this one.
  bool embedded = false;     // One of several lines of a single escaped message (JSON, #012, \x0a).
};

}  // namespace oomkit
