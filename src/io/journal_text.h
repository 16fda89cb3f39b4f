// A journal entry as lines of text, in a form that every reader of logs knows:
//
//   2026-11-21T12:22:51.572035+00:00 host kernel: <4>[12345.678901] text
//
// The level and the kernel's own time, which the journal keeps apart, are put back where
// syslog daemons keep them. A message of several lines is several lines with the same head.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oomkit {

struct JournalEntry {
  std::int64_t realtime_us = 0;  // Since the epoch.
  std::string_view message = {};
  std::string_view host = {};
  std::string_view ident = {};
  std::string_view pid = {};
  std::optional<int> level = {};
  bool from_kernel = false;
  std::optional<std::int64_t> monotonic_us = {};  // Of the kernel's record.
};

// Appends the entry's lines, each ended by '\n'.
void append_journal_lines(std::string& out, const JournalEntry& entry);

}  // namespace oomkit
