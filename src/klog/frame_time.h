// Times at the front of a log line: where they end, and the kernel's own as a number.
//
// Each function looks at the first bytes only, takes nothing and allocates nothing: it says
// how long the time at the front of `text` is, 0 if none is there. What a calendar time
// means is left to parse_stamp() (stamp.h), for most are never asked for.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/time.h"

namespace oomkit {

// "[12345.678901]", and "[12345.678901 <    0.000017>]" of dmesg -d. One bracket may be lost
// ("2545.572035] ", "[ 2545.572035 ") where the kernel's six decimals leave no doubt.
std::size_t uptime_length(std::string_view text, HostTime& uptime);

// As uptime_length(), but only the kernel's own exact form, to be found inside other text.
std::size_t strict_uptime_length(std::string_view text);

// "2026-11-21T12:22:51.572035+00:00" with all its optional parts, "2026/11/21 12:22:51".
std::size_t iso_stamp_length(std::string_view text);

// A time with month and day in words and numbers, of any locale: "Nov 21 12:22:51",
// "мая 26 23:02:22", "Thu Aug 17 17:29:27 2023", "Sat 2026-11-21 12:22:51 UTC".
std::size_t calendar_stamp_length(std::string_view text);

// "1763727771.572035" (journalctl -o short-unix).
std::size_t epoch_stamp_length(std::string_view text);

// "11-21 12:22:51.572" (Android's logcat).
std::size_t logcat_stamp_length(std::string_view text);

// "[Thu Aug 17 17:29:27 2023]", "[Nov21 12:22]", "[  +0.000017]", "[2026-11-21T12:22:51]":
// the length with both brackets. `stamp` is what parse_stamp() can read; "" for a mere delta.
std::size_t bracket_stamp_length(std::string_view text, std::string_view& stamp);

}  // namespace oomkit
