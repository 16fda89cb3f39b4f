// Any bytes as each of the files that a host is read from: no crash, no overflow, no hang.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sources/cgroup_text.h"
#include "sources/host_text.h"
#include "sources/mounts.h"
#include "sources/task_text.h"
#include "sources/zone_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oomkit;  // NOLINT(google-build-using-namespace): every parser of the room.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as text.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  HostState host;
  (void)parse_meminfo(text, host);
  (void)parse_named_numbers(text, host.vmstat);
  (void)parse_named_numbers(text, host.vmstat);
  (void)parse_swaps(text);
  (void)parse_pressure(text);
  (void)parse_number(text);
  (void)parse_numbers(text);
  (void)parse_uptime(text);
  (void)parse_processors(text);
  ZramDevice zram;
  (void)parse_zram(text, zram);
  if (const auto zones = parse_zoneinfo(text)) {
    (void)page_size_of(*zones, KiB(1 << 20));
    HostMemory memory;
    put_zones(*zones, PageSize::k64K, memory);
    (void)parse_buddyinfo(text, PageSize::k64K, memory);
  }
  (void)parse_status(text);
  (void)parse_stat(text);
  (void)parse_statm(text);
  (void)parse_smaps_rollup(text);
  (void)parse_cgroup_path(text, "");
  (void)parse_cgroup_path(text, "memory");
  (void)parse_limit(text);
  (void)parse_protection(text);
  MemcgNode memcg;
  (void)parse_oom_control(text, memcg);
  (void)parse_memcg_stat(text, memcg.stat);
  std::uint64_t foreign = 0;
  (void)parse_processes(text, memcg.processes, foreign);
  (void)layout_of(parse_mountinfo(text), true);
  return 0;
}
