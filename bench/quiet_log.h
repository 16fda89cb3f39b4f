// A log of a busy host on which nothing ran out of memory.
//
// What the fast scanner must run past: many services, lines of all lengths, and the
// words that look like ours and are none (a host called "doom", rooms and zoom levels,
// killed units, memory peaks, base64 that spells anything).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/random.h"

namespace oomkit::bench {

class QuietLog {
 public:
  explicit QuietLog(std::uint64_t seed) : random_(seed) {}

  void append_line(std::string& out);

 private:
  Random random_;
  std::uint64_t second_ = 40'000;
};

// "Dec  4 00:01:23 host " for a second counted from the first of January, in months of
// 28 days: only the form matters.
void append_syslog_head(std::string& out, std::uint64_t second, std::string_view host);

}  // namespace oomkit::bench
