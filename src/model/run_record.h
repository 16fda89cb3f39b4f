// What happened in one run of a scenario, in whichever world: the model, a VM, a cgroup
// here. The same record from all, so that worlds can be compared line by line.
//
// JSON: "oomkit.run/1" (run_record_json.h). Times are since the scenario's start, not
// since boot.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.h"

namespace oomkit {

struct RunEvent {
  std::int64_t t_ms = 0;
  // oom_kill, guard_kill, freeze, thaw, exit, mark, write, read, state, stall, panic,
  // start: the contract's words. refused: the kernel refused memory (value: bytes held so
  // far). notified: a listener woke. module: a module came or went. error: anything else the
  // kernel refused. sysrq.
  std::string kind;
  std::optional<std::string> comm;
  std::optional<std::int64_t> instance;  // Which copy of the process, from 1.
  std::optional<std::int64_t> pid;
  std::optional<std::string> by;          // "kernel", "oomkit", or the trigger of an event.
  std::optional<std::string> constraint;  // "memcg", ...
  std::optional<std::string> cgroup;
  std::optional<std::string> group;  // The cgroup of a memory.oom.group kill.
  std::optional<std::string> file;
  std::optional<std::string> name;   // The label of a read, the name of a module.
  std::optional<std::string> value;  // Of a read, a state, a mark; of a write what was written.
  std::optional<std::string> error;  // Of a write that the kernel refused: "EBUSY".

  friend bool operator==(const RunEvent&, const RunEvent&) = default;
};

struct RunProcess {
  std::string comm;
  std::int64_t instance = 1;
  std::int64_t pid = 0;
  std::string state;  // alive, killed, exited, blocked.
  std::optional<Bytes> rss;
  std::optional<Bytes> swap;
  std::optional<std::int64_t> oom_score;
  std::optional<std::int64_t> exit_code;
  std::optional<std::int64_t> signal;

  friend bool operator==(const RunProcess&, const RunProcess&) = default;
};

struct RunPsi {
  std::int64_t some_us = 0;  // The totals of memory pressure.
  std::int64_t full_us = 0;

  friend bool operator==(const RunPsi&, const RunPsi&) = default;
};

using NamedCounts = std::vector<std::pair<std::string, std::int64_t>>;

struct RunCgroup {
  std::string path;
  std::optional<Bytes> usage;
  std::optional<Bytes> max_usage;
  std::optional<Bytes> swap;
  NamedCounts events;  // memory.events, or oom_control's and failcnt on v1.
  std::optional<RunPsi> psi;

  friend bool operator==(const RunCgroup&, const RunCgroup&) = default;
};

struct RunZone {
  int node = 0;
  std::string name;
  Bytes min, low, high, managed;

  friend bool operator==(const RunZone&, const RunZone&) = default;
};

struct RunHost {
  std::optional<Bytes> total, free, available, commit_limit, committed, swap_total, swap_free;
  std::vector<RunZone> zones;
  std::optional<RunPsi> psi;
  NamedCounts vmstat;

  friend bool operator==(const RunHost&, const RunHost&) = default;
};

struct RunExpectation {
  bool holds = true;
  std::vector<std::string> differences;

  friend bool operator==(const RunExpectation&, const RunExpectation&) = default;
};

struct RunRecord {
  std::string scenario;
  std::string world;  // model, vm, lab.
  std::optional<std::string> kernel;
  std::uint64_t seed = 0;
  std::int64_t duration_ms = 0;         // In the world.
  std::optional<std::int64_t> wall_ms;  // On the machine that ran it.
  // "condition", "time", "panic", "limit" (it hung), "vm_died": why it ended.
  std::optional<std::string> ended;
  std::vector<RunEvent> events;
  std::vector<std::string> victims;
  std::vector<std::string> survivors;
  std::vector<RunProcess> processes;
  std::vector<RunCgroup> cgroups;
  RunHost host;
  // How often each finding (explain/finding.h) is in the explained kernel log: "memcg-limit".
  NamedCounts findings;
  // What makes the record doubtful: lost lines, witnesses that contradict each other.
  std::vector<std::string> warnings;
  std::optional<RunExpectation> expect;

  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

}  // namespace oomkit
