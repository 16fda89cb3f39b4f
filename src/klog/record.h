// One line of a log with its frame taken off.
//
// The same kernel words reach people in dozens of frames: dmesg in five time formats,
// /dev/kmsg, syslog old and new, journalctl in seven, container wrappers, mails. The
// framing step removes all of that and keeps what it told. It never interprets the
// kernel's words themselves.
//
// Views point into the reader's buffers and live until the next record is asked for.
#pragma once

#include <cstddef>
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
  // The frame itself says that this text goes on where the same caller's last record stopped,
  // with no line break between them (/dev/kmsg flags 'c' and '+', a CRI line after a partial one).
  bool continues = false;
  bool lost_before = false;  // The frame itself shows that records are missing before this one.
  // One of several true lines of a single message (JSON, journal entry, kmsg record, #012, \x0a):
  // each was a line of its own for the kernel, so they are not to be glued together.
  bool embedded = false;

  // Records of one number here, if it is not 0, differ in text, line and uptime only.
  std::uint32_t frame = 0;
  // With a frame: a row of a task table as the kernel prints them, which neither goes on another
  // line nor need be looked at again to be told from other lines.
  bool plain_row = false;
};

// What differs between records of plain rows behind one frame.
struct PlainRow {
  static constexpr std::size_t kSizeMax = 512;  // No kernel prints a longer one.

  std::string_view text;
  std::uint64_t line = 0;
  std::optional<HostTime> uptime;
};

}  // namespace oomkit
