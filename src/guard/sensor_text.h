// The kernel's files as fields of a tick: pure, in one pass, and without allocation.
//
// What a text does not say stays as it was, so a caller hands over fresh rows. Lines that are no
// "name number" are passed over: kernels add lines, and captured files end anywhere.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/tick.h"

namespace oomkit {

// /proc/meminfo, kB to bytes.
void read_meminfo(std::string_view text, TickHost& host);
// /proc/vmstat.
void read_vmstat(std::string_view text, TickHost& host);
// /proc/pressure/memory, memory.pressure.
TickPressure read_pressure(std::string_view text);
// /proc/zoneinfo: the watermarks of all zones, summed.
void read_zoneinfo(std::string_view text, TickHost& host);
// /proc/spl/kstat/zfs/arcstats.
void read_arcstats(std::string_view text, TickHost& host);
// /sys/block/zramN/mm_stat, added to what the host has already.
void add_zram(std::string_view mm_stat, std::string_view disksize, TickHost& host);

// memory.stat of version 2, and the totals of version 1's.
void read_memory_stat(std::string_view text, TickCgroup& cgroup);
void read_memory_stat_v1(std::string_view text, TickCgroup& cgroup);
// memory.events.
void read_memory_events(std::string_view text, TickCgroup& cgroup);
// cgroup.events.
void read_cgroup_events(std::string_view text, TickCgroup& cgroup);
// A file of one amount: "max", or the largest number that version 1 has, is no limit.
Known<Bytes> read_amount(std::string_view text);

// /proc/PID/stat. `row.comm` is in the text. False if it is none.
bool read_process_stat(std::string_view text, PageSize page_size, TickProcess& row);
// /proc/PID/status: user, parts of the memory, swap, page tables.
void read_process_status(std::string_view text, TickProcess& row);
Known<std::int32_t> read_small_number(std::string_view text);

}  // namespace oomkit
