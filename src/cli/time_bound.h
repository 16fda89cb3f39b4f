// "--since" and "--until", as journalctl takes them.
//
//   "2026-11-21 12:00:30", "2026-11-21 12:00", "2026-11-21", "12:00" (today),
//   "now", "today", "yesterday", "-90s", "-15m", "-1h", "-2d", "1 hour ago", "@1700000000"
//
// A log's time may have a zone or none, and a bound is typed in the reader's own. So a
// bound is kept in both readings: the instant, for times of which the zone is known, and
// the digits on the clock, for those of which it is not.
#pragma once

#include <chrono>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "io/process_environment.h"

namespace oomkit {

struct TimeBound {
  std::chrono::microseconds utc{0};
  std::chrono::microseconds local{0};  // Counted as if it were UTC.
};

// `now` is what relative times are relative to.
Result<TimeBound> parse_time_bound(std::string_view text, const Calendar& now);

// `time` compared with the bound: negative before it. A time without a year is taken to
// lie in the year before `now`.
std::chrono::microseconds distance_from(const TimeBound& bound, const WallTime& time,
                                        const Calendar& now);

}  // namespace oomkit
