// A memory cgroup at the moment its limit was met: counters, statistics, names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/units.h"

namespace oomkit {

// One "memory: usage 208204kB, limit 204800kB, failcnt 7470" line.
struct MemcgCounter {
  KiB usage;
  std::optional<KiB> limit;  // Absent: no limit is set (the kernel prints PAGE_COUNTER_MAX).
  std::optional<std::uint64_t> failcnt;
  std::uint64_t line = 0;

  friend bool operator==(const MemcgCounter&, const MemcgCounter&) = default;
};

// memory.stat as the log prints it: names in their order, values in bytes for amounts
// and plain counts for events (pgfault, workingset_refault_file, ...).
class MemcgStat {
 public:
  void set(std::string_view name, std::int64_t value);
  void add(std::string_view name, std::int64_t value);  // Known not to be there yet.
  std::optional<std::int64_t> find(std::string_view name) const;
  std::optional<Bytes> bytes(std::string_view name) const;
  bool empty() const { return entries_.empty(); }
  const std::vector<std::pair<std::string, std::int64_t>>& entries() const { return entries_; }

  friend bool operator==(const MemcgStat&, const MemcgStat&) = default;

 private:
  std::vector<std::pair<std::string, std::int64_t>> entries_;
};

// The statistics of one cgroup below the one that met its limit: up to 5.2 the kernel
// prints a line for each, amounts in KB, here as bytes.
struct MemcgSubtreeStat {
  std::string path;
  MemcgStat stat;
  std::uint64_t line = 0;

  friend bool operator==(const MemcgSubtreeStat&, const MemcgSubtreeStat&) = default;
};

struct MemcgReport {
  std::optional<int> version;            // 1 or 2, where the counters tell.
  std::optional<std::string> oom_path;   // The cgroup whose limit was met ...
  std::optional<std::string> task_path;  // ... and the one that the victim is in.

  std::optional<MemcgCounter> memory;
  std::optional<MemcgCounter> memsw;  // "memory+swap:", v1 (and v2 up to 5.2).
  std::optional<MemcgCounter> swap;   // v2 from 5.3 on.
  std::optional<MemcgCounter> kmem;   // v1.

  std::string stat_path;  // As printed after "Memory cgroup stats for".
  MemcgStat stat;         // Of the cgroup that met its limit, its subtree included.
  std::uint64_t stat_line = 0;
  std::vector<MemcgSubtreeStat> subtree;  // One-line form, 3.9 to 5.2: every cgroup, own amounts.
  std::optional<KiB> min_protection;      // 7.x, v2.
  std::optional<KiB> low_protection;

  friend bool operator==(const MemcgReport&, const MemcgReport&) = default;
};

}  // namespace oomkit
