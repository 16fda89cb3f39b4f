// Calendar times as logs print them, in any of their styles, to a WallTime.
#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"

namespace oomkit {

// "Thu Aug 17 17:29:27 2023" (dmesg -T, month and day names of other locales too),
// "Dec  4 00:01:23" (RFC3164; no year), "2026-11-21T12:22:51,572035+00:00" (dmesg iso,
// RFC5424, journalctl short-iso, container logs), "Sat 2026-11-21 12:22:51 UTC" (journalctl
// short-full), "Nov21 12:22" (dmesg -e), "11-21 12:22:51.572" (logcat), and microseconds
// since the epoch as the journal counts them. Nothing if it is none of these.
std::optional<WallTime> parse_stamp(std::string_view stamp);

}  // namespace oomkit
