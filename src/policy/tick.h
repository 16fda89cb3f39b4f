// What a policy looks at: a host at one instant, as plain rows over memory that somebody else
// keeps.
//
// A Snapshot is the same thing with all its strings and lists; it cannot be made without
// allocating. The guard may not allocate once it runs, so its sensors write into rows that were
// there from the start, and a Tick is spans over them. policy/snapshot_tick.h makes a Tick of
// any Snapshot: a recording, the model, a captured host. The engine cannot tell which it has.
//
// A tick need not hold everything: reading all cgroups costs, reading all processes costs more.
// The engine says after each step what it wants next (policy/wish.h); `has_cgroups` and
// `processes_read` say what this tick has.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/known.h"
#include "core/time.h"
#include "core/units.h"
#include "policy/process_rows.h"

namespace oomkit {

using Microseconds = std::chrono::microseconds;

// A limit that is known not to be set ("max").
inline constexpr Bytes kUnlimited{INT64_MAX};

struct TickPressureLine {
  Known<std::int32_t> avg10_centipercent, avg60_centipercent, avg300_centipercent;
  Known<Microseconds> total;
};

struct TickPressure {
  TickPressureLine some, full;
};

struct TickHost {
  PageSize page_size = PageSize::k4K;

  // /proc/meminfo.
  Known<Bytes> mem_total, mem_available, mem_free;
  Known<Bytes> anon, shmem, file;  // AnonPages, Shmem, Active(file) + Inactive(file).
  Known<Bytes> slab_unreclaimable, dirty;
  Known<Bytes> swap_total, swap_free, swap_cached;

  // Sums of all devices; 0 if there is none.
  Known<Bytes> zram_disksize, zram_original, zram_memory, zram_limit;

  // ZFS: what its cache holds and the size that it does not shrink below.
  Known<Bytes> arc_size, arc_min;

  // Sums of the watermarks of all zones (/proc/zoneinfo).
  Known<Bytes> watermark_min, watermark_low, watermark_high;

  // /proc/vmstat, pages or events since boot.
  Known<std::int64_t> pgscan_kswapd, pgscan_direct, pgsteal_kswapd, pgsteal_direct;
  Known<std::int64_t> refault_anon, refault_file;
  Known<std::int64_t> pswpin, pswpout, pgmajfault, oom_kill;

  TickPressure memory, io, cpu;
};

// What the owner of a cgroup asks for by an extended attribute: oomd's trusted. or
// user.oomd_prefer and oomd_avoid, systemd's user.oomd_avoid and user.oomd_omit.
enum class CgroupWish : std::uint8_t { none, prefer, avoid, omit };

struct TickCgroup {
  std::uint64_t id = 0;           // The inode of its directory: names it across ticks.
  std::uint32_t parent = kNoRow;  // A row before this one; the root has none.
  std::string_view path;          // As the kernel names it: "/", "/system.slice/db.service".

  Known<Bytes> usage, swap;                    // memory.current, memory.swap.current.
  Known<Bytes> min, low, high, max, swap_max;  // kUnlimited for "max".
  // memory.stat; `anon` counts mapped pages only, the LRU sizes all.
  Known<Bytes> anon, shmem, active_anon, inactive_anon, active_file, inactive_file, unevictable;
  Known<Bytes> slab_unreclaimable, kernel_stack, pagetables, sock, swapcached;
  Known<std::int64_t> pgscan, refault_anon, refault_file, pgmajfault;

  TickPressure memory, io;

  Known<std::int64_t> events_high, events_max, events_oom, events_oom_kill;
  Known<std::int64_t> processes;  // In it and below it; not a number of threads.
  Known<std::int64_t> owner_uid;  // Of its directory, who may have set `wish`.

  CgroupWish wish = CgroupWish::none;
  Fact oom_group = Fact::unknown;
  Fact populated = Fact::unknown;
  Fact frozen = Fact::unknown;
};

enum class ProcessesRead : std::uint8_t {
  none,
  some,  // All of the cgroups that were asked for, with those below them.
  all,
};

struct Tick {
  HostTime now{0};  // Monotonic; never goes back from one tick to the next.
  TickHost host;

  // Each after its parent. Empty and has_cgroups false: not read this time.
  bool has_cgroups = false;
  std::span<const TickCgroup> cgroups;
  std::uint32_t own_cgroup = kNoRow;  // Where the guard itself is; never a candidate.

  ProcessesRead processes_read = ProcessesRead::none;
  ProcessRows processes;
  // More were there than there was room for: what is decided is decided on a part.
  bool cgroups_cut = false;
  bool processes_cut = false;
  std::int32_t own_pid = 0;
};

}  // namespace oomkit
