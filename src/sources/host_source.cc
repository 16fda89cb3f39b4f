#include "sources/host_source.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/text.h"
#include "sources/host_text.h"
#include "sources/setup_text.h"
#include "sources/task_text.h"
#include "sources/zone_text.h"

namespace oomkit {
namespace {

// Settings of one number. Those of later kernels are absent on earlier ones, and that is no
// gap; what is denied is.
constexpr std::array<std::string_view, 14> kSysctls = {"admin_reserve_kbytes",
                                                       "min_free_kbytes",
                                                       "nr_hugepages",
                                                       "nr_overcommit_hugepages",
                                                       "oom_dump_tasks",
                                                       "oom_kill_allocating_task",
                                                       "overcommit_kbytes",
                                                       "overcommit_memory",
                                                       "overcommit_ratio",
                                                       "panic_on_oom",
                                                       "swappiness",
                                                       "user_reserve_kbytes",
                                                       "watermark_boost_factor",
                                                       "watermark_scale_factor"};

struct CounterName {
  std::string_view vmstat, printed;
};
// The names that show_mem() prints for what /proc/vmstat counts.
constexpr std::array<CounterName, 19> kCounters = {{
    {"nr_active_anon", "active_anon"},
    {"nr_inactive_anon", "inactive_anon"},
    {"nr_isolated_anon", "isolated_anon"},
    {"nr_active_file", "active_file"},
    {"nr_inactive_file", "inactive_file"},
    {"nr_isolated_file", "isolated_file"},
    {"nr_unevictable", "unevictable"},
    {"nr_dirty", "dirty"},
    {"nr_writeback", "writeback"},
    {"nr_slab_reclaimable", "slab_reclaimable"},
    {"nr_slab_unreclaimable", "slab_unreclaimable"},
    {"nr_mapped", "mapped"},
    {"nr_shmem", "shmem"},
    {"nr_page_table_pages", "pagetables"},
    {"nr_sec_page_table_pages", "sec_pagetables"},
    {"nr_bounce", "bounce"},
    {"nr_kernel_misc_reclaimable", "kernel_misc_reclaimable"},
    {"nr_free_pages", "free"},
    {"nr_free_cma", "free_cma"},
}};

constexpr std::size_t kZramsMax = 256;

void put_counters(const NamedNumbers& vmstat, HostMemory& memory) {
  for (const CounterName& name : kCounters) {
    if (const auto count = vmstat.find(name.vmstat))
      memory.counters.add(name.printed, Pages(*count));
  }
}

// "pages RAM" and "reserved" so that their difference is what MemTotal says.
void put_totals(const HostState& host, const ZoneInfo& zones, PageSize page_size,
                HostMemory& memory) {
  Pages present;
  for (const ZoneText& zone : zones.zones)
    present += zone.pages.find("present").value_or(Pages(0));
  const auto total = host.meminfo.find("MemTotal");
  if (!total || present <= Pages(0)) return;
  const Pages managed = floor_pages(to_bytes(*total), page_size);
  if (managed > present) return;
  memory.ram = present;
  memory.reserved = present - managed;
}

}  // namespace

Result<HostSource> HostSource::create(const FileTree& tree) {
  OOMKIT_TRY(std::unique_ptr<OpenFolder> proc, tree.open_folder("proc"));
  Result<std::unique_ptr<OpenFolder>> sys = tree.open_folder("sys");
  return HostSource(std::move(proc), sys ? std::move(*sys) : nullptr);
}

std::optional<std::string_view> HostSource::text(const OpenFolder& folder, std::string_view path,
                                                 SourceGaps& gaps) {
  const OpenFolder::Reading reading = folder.read(path, buffer_);
  if (reading) return *reading;
  gaps.add(reading.error() == ErrorCode::denied ? SourceGap::host_denied : SourceGap::host_absent,
           path);
  return std::nullopt;
}

Mounts HostSource::read_mounts(SourceGaps& gaps) {
  const auto mountinfo = text(*proc_, "self/mountinfo", gaps);
  return mountinfo ? parse_mountinfo(*mountinfo) : Mounts{};
}

void HostSource::read_names(Snapshot& snapshot) {
  if (const auto release = text(*proc_, "sys/kernel/osrelease", snapshot.gaps)) {
    snapshot.kernel_release = trim(*release);
  }
  if (const auto name = text(*proc_, "sys/kernel/hostname", snapshot.gaps)) {
    snapshot.host = trim(*name);
  }
  if (const auto uptime = text(*proc_, "uptime", snapshot.gaps)) {
    snapshot.uptime = parse_uptime(*uptime);
  }
}

// A process's size is told in pages and in kB.
std::optional<PageSize> HostSource::page_size_by_own_size() {
  const auto status_text = proc_->read_once("self/status", buffer_);
  const auto status = status_text ? parse_status(*status_text) : std::nullopt;
  if (!status || !status->vm_size) return std::nullopt;
  const KiB in_kib = *status->vm_size;
  const auto statm_text = proc_->read_once("self/statm", buffer_);
  if (!statm_text) return std::nullopt;
  const auto statm = parse_statm(*statm_text);
  if (!statm) return std::nullopt;
  for (const PageSize size : {PageSize::k4K, PageSize::k8K, PageSize::k16K, PageSize::k64K}) {
    if (to_bytes(statm->size, size) == to_bytes(in_kib)) return size;
  }
  return std::nullopt;
}

void HostSource::read_memory(Snapshot& snapshot, HostState& host) {
  SourceGaps& gaps = snapshot.gaps;
  if (const auto meminfo = text(*proc_, "meminfo", gaps)) {
    if (!parse_meminfo(*meminfo, host)) gaps.add(SourceGap::host_malformed, "meminfo");
  }
  if (const auto vmstat = text(*proc_, "vmstat", gaps)) {
    if (!parse_named_numbers(*vmstat, host.vmstat)) gaps.add(SourceGap::host_malformed, "vmstat");
  }
  std::optional<ZoneInfo> zones;
  if (const auto zoneinfo = text(*proc_, "zoneinfo", gaps)) {
    zones = parse_zoneinfo(*zoneinfo);
    if (!zones) gaps.add(SourceGap::host_malformed, "zoneinfo");
  }
  const auto total = host.meminfo.find("MemTotal");
  // Of the two the process's own size is exact; a hypervisor may hold back half of a zone's pages
  // while MemTotal still counts them.
  snapshot.page_size = page_size_by_own_size();
  if (!snapshot.page_size && zones && total) snapshot.page_size = page_size_of(*zones, *total);
  HostMemory memory;
  put_counters(host.vmstat, memory);
  memory.swap_total = host.meminfo.find("SwapTotal");
  memory.swap_free = host.meminfo.find("SwapFree");
  if (zones && snapshot.page_size) {
    put_zones(*zones, *snapshot.page_size, memory);
    put_totals(host, *zones, *snapshot.page_size, memory);
    host.low_of_empty_zones = low_of_empty_zones(*zones);
    if (const auto buddyinfo = text(*proc_, "buddyinfo", gaps)) {
      if (!parse_buddyinfo(*buddyinfo, *snapshot.page_size, memory)) {
        gaps.add(SourceGap::host_malformed, "buddyinfo");
      }
    }
  }
  snapshot.host_memory = std::move(memory);
}

void HostSource::read_settings(HostState& host, SourceGaps& gaps) {
  std::string path;
  for (const std::string_view name : kSysctls) {
    path = "sys/vm/";
    path += name;
    const auto reading = proc_->read_once(path, buffer_);
    if (!reading && reading.error() == ErrorCode::denied) gaps.add(SourceGap::host_denied, path);
    if (!reading) continue;
    const auto number = parse_number(*reading);
    if (number) {
      host.sysctl.add("vm." + std::string(name), *number);
    } else {
      gaps.add(SourceGap::host_malformed, path);
    }
  }
  if (const auto ratios = text(*proc_, "sys/vm/lowmem_reserve_ratio", gaps)) {
    if (auto numbers = parse_numbers(*ratios)) {
      host.lowmem_reserve_ratio = std::move(*numbers);
    } else {
      gaps.add(SourceGap::host_malformed, "sys/vm/lowmem_reserve_ratio");
    }
  }
  if (sys_ == nullptr) return;
  if (const auto online = text(*sys_, "devices/system/cpu/online", gaps)) {
    host.processors = parse_processors(*online);
  }
}

void HostSource::read_swap(HostState& host, SourceGaps& gaps) {
  if (const auto swaps = text(*proc_, "swaps", gaps)) {
    host.swaps = parse_swaps(*swaps);
    if (!host.swaps) gaps.add(SourceGap::host_malformed, "swaps");
  }
  // Devices that are not set up have no size, and cost nothing.
  const auto devices = sys_ != nullptr ? sys_->folders("devices/virtual/block")
                                       : tl::unexpected(ErrorCode::not_found);
  if (!devices) return;
  for (const std::string& name : *devices) {
    if (name.compare(0, 4, "zram") != 0 || host.zram.size() >= kZramsMax) continue;
    ZramDevice device;
    device.name = name;
    const std::string folder = "devices/virtual/block/" + name + "/";
    if (const auto size = sys_->read_once(folder + "disksize", buffer_)) {
      const auto number = parse_number(*size);
      if (number && *number > 0) device.disksize = Bytes(*number);
    }
    if (!device.disksize) continue;
    if (const auto stat = sys_->read_once(folder + "mm_stat", buffer_)) {
      if (!parse_zram(*stat, device)) gaps.add(SourceGap::host_malformed, folder + "mm_stat");
    }
    host.zram.push_back(std::move(device));
  }
}

void HostSource::read_pressure(HostState& host, SourceGaps& gaps) {
  const auto read = [&](std::string_view path, std::optional<Pressure>& pressure) {
    // Absent before 4.20, and with psi=0 the file is there and refuses to be read.
    const auto reading = proc_->read_once(path, buffer_);
    if (!reading) {
      gaps.add(
          reading.error() == ErrorCode::denied ? SourceGap::host_denied : SourceGap::host_absent,
          path);
      return;
    }
    pressure = parse_pressure(*reading);
    if (!pressure) gaps.add(SourceGap::host_malformed, path);
  };
  read("pressure/memory", host.pressure_memory);
  read("pressure/io", host.pressure_io);
  read("pressure/cpu", host.pressure_cpu);
}

// All of it may be missing, in a capture or by the kernel's configuration, and nothing that
// is computed rests on it: no gap is counted but for what is denied.
void HostSource::read_setup(Snapshot& snapshot) {
  HostState& host = *snapshot.host_state;
  const auto take = [&](const OpenFolder& folder, std::string_view path) {
    const OpenFolder::Reading reading = folder.read(path, buffer_);
    if (!reading && reading.error() == ErrorCode::denied)
      snapshot.gaps.add(SourceGap::host_denied, path);
    return reading ? std::optional<std::string_view>(*reading) : std::nullopt;
  };
  if (const auto text = take(*proc_, "sys/kernel/panic")) {
    if (const auto number = parse_number(*text)) host.sysctl.add("kernel.panic", *number);
  }
  if (const auto text = take(*proc_, "sys/kernel/core_pattern")) host.core_pattern = trim(*text);
  if (const auto text = take(*proc_, "cmdline")) host.boot_options = parse_boot_options(*text);
  if (const auto text = take(*proc_, "1/limits")) host.core_limit_init = parse_core_limit(*text);
  if (const auto text = take(*proc_, "self/limits")) host.core_limit = parse_core_limit(*text);
  if (sys_ == nullptr) return;
  if (const auto text = take(*sys_, "kernel/kexec_crash_loaded")) {
    if (const auto number = parse_number(*text)) host.crash_kernel_loaded = *number != 0;
  }
  if (const auto text = take(*sys_, "kernel/kexec_crash_size")) {
    const auto number = parse_number(*text);
    if (number && *number >= 0) host.crash_kernel_size = Bytes(*number);
  }
}

void HostSource::read(Snapshot& snapshot) {
  HostState host;
  read_names(snapshot);
  read_memory(snapshot, host);
  read_settings(host, snapshot.gaps);
  read_swap(host, snapshot.gaps);
  read_pressure(host, snapshot.gaps);
  snapshot.host_state = std::move(host);
}

}  // namespace oomkit
