// What only a live host tells of itself: settings, counters by name, swap, pressure.
//
// Zones, nodes and the counters that a kernel log prints as well are in HostMemory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.h"
#include "model/host_memory.h"
#include "model/memcg_tree.h"
#include "model/pressure.h"

namespace oomkit {

using NamedNumbers = NamedAmounts<std::int64_t>;

// A line of /proc/swaps.
struct SwapDevice {
  std::string name;
  std::string type;  // "partition", "file"
  KiB size;
  KiB used;
  std::int64_t priority = 0;

  friend bool operator==(const SwapDevice&, const SwapDevice&) = default;
};

// A compressed block device in memory: what swap on it costs is RAM.
struct ZramDevice {
  std::string name;  // "zram0"
  std::optional<Bytes> disksize;
  std::optional<Bytes> original;      // What is stored, before compression ...
  std::optional<Bytes> compressed;    // ... and after.
  std::optional<Bytes> memory;        // What it takes of RAM now.
  std::optional<Bytes> memory_limit;  // 0: none is set.

  friend bool operator==(const ZramDevice&, const ZramDevice&) = default;
};

enum class CgroupLayout { v1, v2, hybrid };  // Hybrid: memory is in v1, others in v2.

struct HostState {
  NamedAmounts<KiB> meminfo;    // /proc/meminfo, lines in kB: "MemTotal", "Committed_AS", ...
  NamedNumbers meminfo_counts;  // Its lines without a unit: "HugePages_Total", ...
  NamedNumbers vmstat;          // /proc/vmstat, pages and counts as printed.
  NamedNumbers sysctl;          // "vm.overcommit_memory" and others of one number.
  std::vector<std::int64_t> lowmem_reserve_ratio;
  // The low watermarks of zones without memory, an empty Movable zone has 32 pages: they are
  // in no list of zones, and the sum of MemAvailable counts them.
  std::optional<Pages> low_of_empty_zones;

  std::optional<std::vector<SwapDevice>> swaps;  // Absent: not known; empty: none.
  std::vector<ZramDevice> zram;

  std::optional<Pressure> pressure_memory, pressure_io, pressure_cpu;
  std::optional<CgroupLayout> cgroup_layout;  // Absent: no memory controller is visible.

  // What becomes of a process or a kernel that crashes.
  std::optional<std::string> core_pattern;                // "core", "|/usr/bin/handler %p"
  std::optional<MemcgLimit> core_limit_init, core_limit;  // RLIMIT_CORE of PID 1, and our own.
  std::optional<bool> crash_kernel_loaded;                // By kexec, for kdump.
  std::optional<Bytes> crash_kernel_size;                 // What is set aside for it.
  // The words of the kernel's command line that are about memory: "psi=0", "crashkernel=256M".
  std::optional<std::vector<std::string>> boot_options;

  std::optional<std::int64_t> processors;  // That are online.
  std::optional<std::int64_t> tasks_seen;  // Processes in /proc, also those not looked at.

  std::optional<Bytes> amount(std::string_view meminfo_name) const {
    const auto found = meminfo.find(meminfo_name);
    return found ? std::optional(to_bytes(*found)) : std::nullopt;
  }

  friend bool operator==(const HostState&, const HostState&) = default;
};

}  // namespace oomkit
