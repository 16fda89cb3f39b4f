// The signals that a condition can speak of: one table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/known.h"
#include "core/time.h"
#include "policy/tick.h"
#include "policy/unit.h"
#include "policy/window.h"

namespace oomkit {

enum class Signal : std::uint8_t {
  mem_total,
  mem_available,
  mem_free,
  mem_reachable,
  mem_left,
  mem_used,
  mem_anon,
  mem_shmem,
  mem_file,
  swap_total,
  swap_free,
  swap_used,
  zram_original,
  zram_memory,
  zram_limit,
  arc_reclaimable,
  watermark_min,
  watermark_low,
  watermark_high,
  pgscan_kswapd,
  pgscan_direct,
  pgsteal_kswapd,
  pgsteal_direct,
  refault_anon,
  refault_file,
  pswpin,
  pswpout,
  pgmajfault,
  oom_kill,
  scope_capacity,
  scope_available,
  cg_usage,
  cg_anon,
  cg_swap,
  cg_file,
  cg_max,
  cg_high,
  cg_protection,
  cg_pgscan,
  cg_refault_anon,
  cg_refault_file,
  cg_events_high,
  cg_events_max,
  cg_events_oom,
  cg_events_oom_kill,
  cg_processes,
  kCount,
};

enum class Resource : std::uint8_t { memory, io, cpu };

struct PressureOf {
  Resource resource = Resource::memory;
  bool full = false;
  bool host = false;          // Of the host, in whatever scope.
  std::uint16_t average = 0;  // 10, 60, 300; 0: a window.
};

// Where a condition is judged: the host, or one cgroup of it.
struct SignalView {
  const TickHost* host = nullptr;
  const TickCgroup* cgroup = nullptr;  // Absent: the host.
  HostTime now{0};
  // Largest record growth of a leaf in this scope for each window of the ladder.
  std::array<Known<Bytes>, kWindowSteps> growth;
};

struct SignalEntry {
  Signal signal = Signal::mem_total;
  std::string_view name;
  PolicyUnit unit;
  bool cgroup = false;          // Needs a cgroup to be judged in.
  bool counter = false;         // Only grows: its rate is what tells.
  std::optional<Signal> whole;  // What a share of it is a share of.
  std::string_view about;
};

std::span<const SignalEntry> signal_table();
const SignalEntry& signal_entry(Signal signal);
Known<double> signal_value(Signal signal, const SignalView& view);
const TickPressureLine* pressure_line(const PressureOf& of, const SignalView& view);

}  // namespace oomkit
