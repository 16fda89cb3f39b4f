#include "policy/snapshot_tick.h"

#include <algorithm>
#include <functional>
#include <string_view>

namespace oomkit {
namespace {

TickPressureLine line_of(const std::optional<PressureLine>& line) {
  TickPressureLine found;
  if (!line) return found;
  found.avg10_centipercent = line->avg10_centipercent;
  found.avg60_centipercent = line->avg60_centipercent;
  found.avg300_centipercent = line->avg300_centipercent;
  found.total = line->total;
  return found;
}

TickPressure pressure_of(const std::optional<Pressure>& pressure) {
  if (!pressure) return {};
  return {line_of(pressure->some), line_of(pressure->full)};
}

// The sum of counters that are known by several names, by zone (up to 4.7) or by origin.
Known<std::int64_t> counter_sum(const NamedNumbers& vmstat, std::string_view prefix) {
  Known<std::int64_t> sum;
  for (const auto& [name, value] : vmstat.entries()) {
    const bool fits =
        name == prefix || (name.starts_with(prefix) && name.size() > prefix.size() &&
                           name[prefix.size()] == '_' && name != std::string(prefix) + "_throttle");
    if (fits) sum = sum.value_or(0) + value;
  }
  return sum;
}

Known<Bytes> watermark_sum(const std::optional<HostMemory>& memory, std::string_view name) {
  Known<Bytes> sum;
  if (!memory) return sum;
  for (const Zone& zone : memory->zones) {
    if (const auto amount = zone.find(name)) sum = sum.value_or(Bytes(0)) + to_bytes(*amount);
  }
  return sum;
}

void take_zram(const HostState& state, TickHost& host) {
  const auto sum = [&](std::optional<Bytes> ZramDevice::*part) {
    Known<Bytes> all(Bytes(0));
    for (const ZramDevice& device : state.zram) {
      if (!(device.*part)) return Known<Bytes>();
      all = *all + *(device.*part);
    }
    return all;
  };
  host.zram_disksize = sum(&ZramDevice::disksize);
  host.zram_original = sum(&ZramDevice::original);
  host.zram_memory = sum(&ZramDevice::memory);
  host.zram_limit = sum(&ZramDevice::memory_limit);
}

void take_state(const HostState& state, TickHost& host) {
  const auto amount = [&](std::string_view name) { return Known<Bytes>(state.amount(name)); };
  host.mem_total = amount("MemTotal");
  host.mem_available = amount("MemAvailable");
  host.mem_free = amount("MemFree");
  host.anon = amount("AnonPages");
  host.shmem = amount("Shmem");
  host.file = amount("Active(file)") + amount("Inactive(file)");
  host.slab_unreclaimable = amount("SUnreclaim");
  host.dirty = amount("Dirty");
  host.swap_total = amount("SwapTotal");
  host.swap_free = amount("SwapFree");
  host.swap_cached = amount("SwapCached");
  take_zram(state, host);
  const NamedNumbers& vmstat = state.vmstat;
  const auto count = [&](std::string_view name) { return Known<std::int64_t>(vmstat.find(name)); };
  host.pgscan_kswapd = counter_sum(vmstat, "pgscan_kswapd");
  host.pgscan_direct = counter_sum(vmstat, "pgscan_direct");
  host.pgsteal_kswapd = counter_sum(vmstat, "pgsteal_kswapd");
  host.pgsteal_direct = counter_sum(vmstat, "pgsteal_direct");
  host.refault_anon = count("workingset_refault_anon");
  host.refault_file = count("workingset_refault_file");
  // Up to 5.8 there is one for both, of files alone.
  if (!host.refault_file) host.refault_file = count("workingset_refault");
  host.pswpin = count("pswpin");
  host.pswpout = count("pswpout");
  host.pgmajfault = count("pgmajfault");
  host.oom_kill = count("oom_kill");
  host.memory = pressure_of(state.pressure_memory);
  host.io = pressure_of(state.pressure_io);
  host.cpu = pressure_of(state.pressure_cpu);
}

Known<Bytes> limit_of(const std::optional<MemcgLimit>& limit) {
  if (!limit) return {};
  return limit->size ? Known<Bytes>(*limit->size) : Known<Bytes>(kUnlimited);
}

void take_stat(const MemcgStat& stat, TickCgroup& row) {
  const auto bytes = [&](std::string_view name) { return Known<Bytes>(stat.bytes(name)); };
  const auto count = [&](std::string_view name) { return Known<std::int64_t>(stat.find(name)); };
  row.anon = bytes("anon");
  row.shmem = bytes("shmem");
  row.active_anon = bytes("active_anon");
  row.inactive_anon = bytes("inactive_anon");
  row.active_file = bytes("active_file");
  row.inactive_file = bytes("inactive_file");
  row.unevictable = bytes("unevictable");
  row.slab_unreclaimable = bytes("slab_unreclaimable");
  row.kernel_stack = bytes("kernel_stack");
  row.pagetables = bytes("pagetables");
  row.sock = bytes("sock");
  row.swapcached = bytes("swapcached");
  row.pgscan = count("pgscan");
  row.refault_anon = count("workingset_refault_anon");
  row.refault_file = count("workingset_refault_file");
  row.pgmajfault = count("pgmajfault");
}

// A name for a cgroup where the snapshot has no inode: its path's.
std::uint64_t identity_of(const std::string& path) {
  return static_cast<std::uint64_t>(std::hash<std::string>{}(path)) | 1U;
}

Known<Bytes> pages(Known<Pages> count, PageSize page_size) {
  return count ? Known<Bytes>(to_bytes(*count, page_size)) : Known<Bytes>();
}

}  // namespace

void SnapshotTick::take_cgroups(const Snapshot& snapshot) {
  cgroups_.clear();
  if (!snapshot.memcgs) return;
  for (const MemcgNode& node : snapshot.memcgs->nodes) {
    TickCgroup row;
    row.id = identity_of(node.path);
    row.path = node.path;
    if (node.parent) row.parent = static_cast<std::uint32_t>(*node.parent);
    row.usage = node.usage;
    row.swap = node.swap_usage;
    // v1 tells memory and swap together.
    if (!row.swap && node.memsw_usage && node.usage) row.swap = *node.memsw_usage - *node.usage;
    row.min = node.min;
    row.low = node.low;
    row.high = limit_of(node.high);
    row.max = limit_of(node.limit);
    row.swap_max = limit_of(node.swap_limit);
    take_stat(node.stat, row);
    row.memory = pressure_of(node.pressure);
    row.events_high = node.events.find("high");
    row.events_max = node.events.find("max");
    row.events_oom = node.events.find("oom");
    row.events_oom_kill = node.events.find("oom_kill");
    row.processes = static_cast<std::int64_t>(node.processes.size());
    if (node.oom_group) row.oom_group = *node.oom_group ? Fact::yes : Fact::no;
    cgroups_.push_back(row);
  }
}

void SnapshotTick::take_processes(const Snapshot& snapshot) {
  processes_.clear();
  const PageSize page_size = snapshot.page_size.value_or(PageSize::k4K);
  const bool have_states = snapshot.task_states.size() == snapshot.tasks.size();
  for (std::size_t i = 0; i < snapshot.tasks.size(); ++i) {
    const Task& task = snapshot.tasks[i];
    TickProcess row;
    row.pid = static_cast<std::int32_t>(std::clamp<std::int64_t>(task.pid, 0, INT32_MAX));
    row.uid = task.uid;
    row.comm = task.comm;
    row.rss = pages(task.rss, page_size);
    row.rss_anon = pages(task.rss_anon, page_size);
    row.rss_file = pages(task.rss_file, page_size);
    row.rss_shmem = pages(task.rss_shmem, page_size);
    row.swap = pages(task.swapents, page_size);
    row.pagetables = pgtables_bytes(task, page_size);
    row.oom_score_adj = task.oom_score_adj;
    if (have_states) {
      const TaskState& state = snapshot.task_states[i];
      row.start = state.start;
      if (state.parent)
        row.ppid = static_cast<std::int32_t>(std::clamp<std::int64_t>(*state.parent, 0, INT32_MAX));
      row.state = state.state.value_or('?');
      if (state.kernel_thread) row.kernel_thread = *state.kernel_thread ? Fact::yes : Fact::no;
      if (state.oom_score)
        row.oom_score =
            static_cast<std::int32_t>(std::clamp<std::int64_t>(*state.oom_score, 0, 9999));
      if (state.memcg && *state.memcg < cgroups_.size())
        row.cgroup = static_cast<std::uint32_t>(*state.memcg);
    }
    processes_.push_back(row);
  }
}

const Tick& SnapshotTick::assign(const Snapshot& snapshot, HostTime now) {
  tick_ = Tick();
  tick_.now = now;
  tick_.host.page_size = snapshot.page_size.value_or(PageSize::k4K);
  if (snapshot.host_state) take_state(*snapshot.host_state, tick_.host);
  tick_.host.watermark_min = watermark_sum(snapshot.host_memory, "min");
  tick_.host.watermark_low = watermark_sum(snapshot.host_memory, "low");
  tick_.host.watermark_high = watermark_sum(snapshot.host_memory, "high");
  take_cgroups(snapshot);
  take_processes(snapshot);
  tick_.has_cgroups = !cgroups_.empty();
  tick_.cgroups = cgroups_;
  tick_.processes_read = snapshot.tasks.empty() ? ProcessesRead::none : ProcessesRead::all;
  tick_.processes = processes_;
  return tick_;
}

}  // namespace oomkit
