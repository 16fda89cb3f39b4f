#include "policy/signals.h"

#include <algorithm>

namespace oomkit {
namespace {

constexpr std::array<SignalEntry, static_cast<std::size_t>(Signal::kCount)> kSignals = {{
    {Signal::mem_total, "mem.total", kSize, false, false, Signal::mem_total, "RAM of the host"},
    {Signal::mem_available, "mem.available", kSize, false, false, Signal::mem_total,
     "MemAvailable: what can be had without swapping; with ZFS, what its cache gives back too"},
    {Signal::mem_free, "mem.free", kSize, false, false, Signal::mem_total,
     "MemFree: used by nobody"},
    {Signal::mem_reachable, "mem.reachable", kSize, false, false, Signal::mem_total,
     "MemAvailable and AnonPages: what programs have or can have"},
    {Signal::mem_left, "mem.left", kSize, false, false, Signal::mem_total,
     "MemAvailable and SwapFree: what is left before exhaustion"},
    {Signal::mem_used, "mem.used", kSize, false, false, Signal::mem_total,
     "MemTotal without MemAvailable"},
    {Signal::mem_anon, "mem.anon", kSize, false, false, Signal::mem_total, "AnonPages"},
    {Signal::mem_shmem, "mem.shmem", kSize, false, false, Signal::mem_total,
     "Shmem: shared memory and tmpfs"},
    {Signal::mem_file, "mem.file", kSize, false, false, Signal::mem_total,
     "the page cache: Active(file) and Inactive(file)"},
    {Signal::swap_total, "swap.total", kSize, false, false, Signal::swap_total,
     "swap of the host; 0 if there is none"},
    {Signal::swap_free, "swap.free", kSize, false, false, Signal::swap_total, "SwapFree"},
    {Signal::swap_used, "swap.used", kSize, false, false, Signal::swap_total,
     "swap.total without swap.free"},
    {Signal::zram_original, "zram.original", kSize, false, false, Signal::mem_total,
     "what zram holds, before compression"},
    {Signal::zram_memory, "zram.memory", kSize, false, false, Signal::mem_total,
     "RAM that zram takes"},
    {Signal::zram_limit, "zram.limit", kSize, false, false, Signal::mem_total,
     "RAM that zram may take"},
    {Signal::arc_reclaimable, "zfs.arc.reclaimable", kSize, false, false, Signal::mem_total,
     "what the ZFS cache holds above its least size"},
    {Signal::watermark_min, "watermark.min", kSize, false, false, Signal::mem_total,
     "the zones' min watermarks together"},
    {Signal::watermark_low, "watermark.low", kSize, false, false, Signal::mem_total,
     "the zones' low watermarks together"},
    {Signal::watermark_high, "watermark.high", kSize, false, false, Signal::mem_total,
     "the zones' high watermarks together"},
    {Signal::pgscan_kswapd, "pgscan.kswapd", kNumber, false, true, std::nullopt,
     "pages that kswapd has scanned"},
    {Signal::pgscan_direct, "pgscan.direct", kNumber, false, true, std::nullopt,
     "pages that programs have scanned while they waited for memory"},
    {Signal::pgsteal_kswapd, "pgsteal.kswapd", kNumber, false, true, std::nullopt,
     "pages that kswapd has reclaimed"},
    {Signal::pgsteal_direct, "pgsteal.direct", kNumber, false, true, std::nullopt,
     "pages that programs have reclaimed while they waited for memory"},
    {Signal::refault_anon, "refault.anon", kNumber, false, true, std::nullopt,
     "anonymous pages that were needed again right after they had been swapped out"},
    {Signal::refault_file, "refault.file", kNumber, false, true, std::nullopt,
     "file pages that were needed again right after they had been dropped"},
    {Signal::pswpin, "swap.in", kNumber, false, true, std::nullopt, "pages swapped in"},
    {Signal::pswpout, "swap.out", kNumber, false, true, std::nullopt, "pages swapped out"},
    {Signal::pgmajfault, "faults.major", kNumber, false, true, std::nullopt,
     "page faults that had to read"},
    {Signal::oom_kill, "kernel.oom_kill", kNumber, false, true, std::nullopt,
     "processes that the kernel's OOM killer has ended"},
    {Signal::scope_capacity, "scope.capacity", kSize, false, false, Signal::scope_capacity,
     "what the scope may use: RAM, or the smaller of memory.high and memory.max"},
    {Signal::scope_available, "scope.available", kSize, false, false, Signal::scope_capacity,
     "mem.available, or what the cgroup may still take, its page cache counted as free"},
    {Signal::cg_usage, "cg.usage", kSize, true, false, Signal::scope_capacity, "memory.current"},
    {Signal::cg_anon, "cg.anon", kSize, true, false, Signal::scope_capacity, "anon of memory.stat"},
    {Signal::cg_swap, "cg.swap", kSize, true, false, Signal::swap_total, "memory.swap.current"},
    {Signal::cg_file, "cg.file", kSize, true, false, Signal::scope_capacity,
     "active_file and inactive_file of memory.stat"},
    {Signal::cg_max, "cg.max", kSize, true, false, Signal::mem_total,
     "memory.max; the host's RAM where it is not set"},
    {Signal::cg_high, "cg.high", kSize, true, false, Signal::mem_total,
     "memory.high; the host's RAM where it is not set"},
    {Signal::cg_protection, "cg.protection", kSize, true, false, Signal::scope_capacity,
     "the larger of memory.min and memory.low"},
    {Signal::cg_pgscan, "cg.pgscan", kNumber, true, true, std::nullopt,
     "pages scanned in the cgroup"},
    {Signal::cg_refault_anon, "cg.refault.anon", kNumber, true, true, std::nullopt,
     "workingset_refault_anon of memory.stat"},
    {Signal::cg_refault_file, "cg.refault.file", kNumber, true, true, std::nullopt,
     "workingset_refault_file of memory.stat"},
    {Signal::cg_events_high, "cg.events.high", kNumber, true, true, std::nullopt,
     "high of memory.events"},
    {Signal::cg_events_max, "cg.events.max", kNumber, true, true, std::nullopt,
     "max of memory.events"},
    {Signal::cg_events_oom, "cg.events.oom", kNumber, true, true, std::nullopt,
     "oom of memory.events"},
    {Signal::cg_events_oom_kill, "cg.events.oom_kill", kNumber, true, true, std::nullopt,
     "oom_kill of memory.events"},
    {Signal::cg_processes, "cg.processes", kNumber, true, false, std::nullopt,
     "processes in the cgroup and below"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    if (static_cast<std::size_t>(kSignals.at(i).signal) != i) return false;
  }
  return true;
}
static_assert(in_order());

Known<double> number_of(Known<Bytes> amount) {
  return amount ? Known<double>(static_cast<double>((*amount).count())) : Known<double>();
}
Known<double> number_of(Known<std::int64_t> count) {
  return count ? Known<double>(static_cast<double>(*count)) : Known<double>();
}

// ZFS frees its cache when asked, and MemAvailable does not know of it.
Known<Bytes> arc_reclaimable(const TickHost& host) {
  const Known<Bytes> spare = host.arc_size - host.arc_min;
  return spare ? Known<Bytes>(std::max(*spare, Bytes(0))) : spare;
}

Known<Bytes> available_of(const TickHost& host) {
  if (!host.mem_available) return {};
  return *host.mem_available + arc_reclaimable(host).value_or(Bytes(0));
}

Known<Bytes> smaller_limit(const TickCgroup& cgroup) {
  const Bytes limit = std::min(cgroup.high.value_or(kUnlimited), cgroup.max.value_or(kUnlimited));
  return limit == kUnlimited ? Known<Bytes>() : Known<Bytes>(limit);
}

Known<Bytes> limit_or_ram(Known<Bytes> limit, const TickHost& host) {
  if (!limit) return {};
  return *limit == kUnlimited ? host.mem_total : limit;
}

Known<Bytes> capacity_of(const SignalView& view) {
  if (view.cgroup == nullptr) return view.host->mem_total;
  const Known<Bytes> limit = smaller_limit(*view.cgroup);
  if (!limit) return view.host->mem_total;
  // A limit above what the machine has limits nothing.
  return view.host->mem_total ? std::min(*limit, *view.host->mem_total) : limit;
}

Known<Bytes> scope_available(const SignalView& view) {
  if (view.cgroup == nullptr) return available_of(*view.host);
  const TickCgroup& cgroup = *view.cgroup;
  if (!smaller_limit(cgroup)) return available_of(*view.host);
  const Known<Bytes> cache = cgroup.active_file + cgroup.inactive_file;
  const Known<Bytes> room = capacity_of(view) - cgroup.usage + cache;
  return room ? Known<Bytes>(std::max(*room, Bytes(0))) : room;
}

Known<Bytes> protection_of(const TickCgroup& cgroup) {
  if (!cgroup.min && !cgroup.low) return {};
  return std::max(cgroup.min.value_or(Bytes(0)), cgroup.low.value_or(Bytes(0)));
}

Known<double> host_value(Signal signal, const TickHost& host) {
  switch (signal) {
    case Signal::mem_total:
      return number_of(host.mem_total);
    case Signal::mem_available:
      return number_of(available_of(host));
    case Signal::mem_free:
      return number_of(host.mem_free);
    case Signal::mem_reachable:
      return number_of(available_of(host) + host.anon);
    case Signal::mem_left:
      return number_of(available_of(host) + host.swap_free);
    case Signal::mem_used:
      return number_of(host.mem_total - available_of(host));
    case Signal::mem_anon:
      return number_of(host.anon);
    case Signal::mem_shmem:
      return number_of(host.shmem);
    case Signal::mem_file:
      return number_of(host.file);
    case Signal::swap_total:
      return number_of(host.swap_total);
    case Signal::swap_free:
      return number_of(host.swap_free);
    case Signal::swap_used:
      return number_of(host.swap_total - host.swap_free);
    case Signal::zram_original:
      return number_of(host.zram_original);
    case Signal::zram_memory:
      return number_of(host.zram_memory);
    case Signal::zram_limit:
      return number_of(host.zram_limit);
    case Signal::arc_reclaimable:
      return number_of(arc_reclaimable(host));
    case Signal::watermark_min:
      return number_of(host.watermark_min);
    case Signal::watermark_low:
      return number_of(host.watermark_low);
    case Signal::watermark_high:
      return number_of(host.watermark_high);
    case Signal::pgscan_kswapd:
      return number_of(host.pgscan_kswapd);
    case Signal::pgscan_direct:
      return number_of(host.pgscan_direct);
    case Signal::pgsteal_kswapd:
      return number_of(host.pgsteal_kswapd);
    case Signal::pgsteal_direct:
      return number_of(host.pgsteal_direct);
    case Signal::refault_anon:
      return number_of(host.refault_anon);
    case Signal::refault_file:
      return number_of(host.refault_file);
    case Signal::pswpin:
      return number_of(host.pswpin);
    case Signal::pswpout:
      return number_of(host.pswpout);
    case Signal::pgmajfault:
      return number_of(host.pgmajfault);
    case Signal::oom_kill:
      return number_of(host.oom_kill);
    default:
      return {};
  }
}

Known<double> cgroup_value(Signal signal, const TickCgroup& cgroup, const TickHost& host) {
  switch (signal) {
    case Signal::cg_usage:
      return number_of(cgroup.usage);
    case Signal::cg_anon:
      return number_of(cgroup.anon);
    case Signal::cg_swap:
      return number_of(cgroup.swap);
    case Signal::cg_file:
      return number_of(cgroup.active_file + cgroup.inactive_file);
    case Signal::cg_max:
      return number_of(limit_or_ram(cgroup.max, host));
    case Signal::cg_high:
      return number_of(limit_or_ram(cgroup.high, host));
    case Signal::cg_protection:
      return number_of(protection_of(cgroup));
    case Signal::cg_pgscan:
      return number_of(cgroup.pgscan);
    case Signal::cg_refault_anon:
      return number_of(cgroup.refault_anon);
    case Signal::cg_refault_file:
      return number_of(cgroup.refault_file);
    case Signal::cg_events_high:
      return number_of(cgroup.events_high);
    case Signal::cg_events_max:
      return number_of(cgroup.events_max);
    case Signal::cg_events_oom:
      return number_of(cgroup.events_oom);
    case Signal::cg_events_oom_kill:
      return number_of(cgroup.events_oom_kill);
    case Signal::cg_processes:
      return number_of(cgroup.processes);
    default:
      return {};
  }
}

}  // namespace

std::span<const SignalEntry> signal_table() {
  return kSignals;
}

const SignalEntry& signal_entry(Signal signal) {
  return kSignals.at(static_cast<std::size_t>(signal));
}

Known<double> signal_value(Signal signal, const SignalView& view) {
  if (signal == Signal::scope_capacity) return number_of(capacity_of(view));
  if (signal == Signal::scope_available) return number_of(scope_available(view));
  if (!signal_entry(signal).cgroup) return host_value(signal, *view.host);
  if (view.cgroup == nullptr) return {};
  return cgroup_value(signal, *view.cgroup, *view.host);
}

const TickPressureLine* pressure_line(const PressureOf& of, const SignalView& view) {
  const bool host = of.host || view.cgroup == nullptr;
  const TickPressure* pressure = nullptr;
  switch (of.resource) {
    case Resource::memory:
      pressure = host ? &view.host->memory : &view.cgroup->memory;
      break;
    case Resource::io:
      pressure = host ? &view.host->io : &view.cgroup->io;
      break;
    // Of cgroups it is not read: a policy that asks for it is refused.
    case Resource::cpu:
      pressure = &view.host->cpu;
      break;
  }
  return of.full ? &pressure->full : &pressure->some;
}

}  // namespace oomkit
