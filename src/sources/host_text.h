// The host's own files as values: /proc/meminfo, vmstat, swaps, pressure, sysctls, zram.
//
// Each function takes the text of one file, as the kernel writes it or as anybody may have
// made it, and tells by `false` or nothing that it does not follow its format; what was
// understood before that stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "model/host_state.h"
#include "model/pressure.h"

namespace oomkit {

// "MemTotal:       24682416 kB", "HugePages_Total:       0".
bool parse_meminfo(std::string_view text, HostState& host);

// "nr_free_pages 4670781", one a line: /proc/vmstat, memory.stat, memory.events.
bool parse_named_numbers(std::string_view text, NamedNumbers& numbers);

// /proc/swaps with its heading. Nothing without that heading.
std::optional<std::vector<SwapDevice>> parse_swaps(std::string_view text);

// /proc/pressure/memory, memory.pressure. Nothing if neither line is there.
std::optional<Pressure> parse_pressure(std::string_view text);

// A file that holds one number, or several between blanks.
std::optional<std::int64_t> parse_number(std::string_view text);
std::optional<std::vector<std::int64_t>> parse_numbers(std::string_view text);

// "16113.43 31200.11" of /proc/uptime: the first.
std::optional<HostTime> parse_uptime(std::string_view text);

// /sys/block/zramN/mm_stat: original, compressed, memory used, limit, ...
bool parse_zram(std::string_view mm_stat, ZramDevice& device);

// How many processors "0-3,8" names.
std::optional<std::int64_t> parse_processors(std::string_view text);

}  // namespace oomkit
