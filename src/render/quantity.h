// Numbers, times and lists of lines as people read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "core/units.h"
#include "model/damage.h"

namespace oomkit {

// "12,345,678": groups of three, so that long counts can be read.
std::string grouped_text(std::uint64_t count);

// "40.1 MiB/s"
std::string rate_text(double bytes_per_s);

// "0.4 s", "146 s", "12 min", "3 h 20 min"
std::string duration_text(double seconds);

// "Thu Aug 17 17:29:27 2023", "Dec  4 00:01:23" when the year is not known, with " UTC"
// when the zone is.
std::string wall_time_text(const WallTime& time);
// "2023-08-17 17:29:27" and "Dec  4 00:01:23": for columns.
std::string short_time_text(const WallTime& time);
// "2023-08-17T17:29:27.123456Z", without the Z when the zone is not known, "--12-04T00:01:23"
// when the year is not (the form of ISO 8601 and RFC 6350 for that).
std::string iso_time_text(const WallTime& time);

// "1, 41-44, 48": sorted, doubles dropped, neighbours joined; 0 is no line. At most
// `ranges_max` ranges, then "and 17 more".
std::string line_ranges_text(std::vector<std::uint64_t> lines, std::size_t ranges_max);

// "█████▌" for `share` of `cells` in eighths of a cell; a share that reads as 0.1 % or more
// is shown at least by the thinnest block.
std::string bar_text(double share, std::size_t cells);

// The part of the whole as a fraction; 0 for an empty whole.
double share_of(Bytes part, Bytes whole);

// "wrapped lines were put together again (12)".
std::string damage_text(Damage kind, std::uint64_t count);

// "87.6 %" of a fraction.
std::string share_percent_text(double share);

}  // namespace oomkit
