// The block about a memory cgroup: whose limit it was, its counters, its statistics.
//
// The statistics stood on one line for each cgroup in KB up to 5.2, and stand in bytes one
// to a line since; both come out in bytes here.
#pragma once

#include <optional>
#include <string_view>

#include "klog/line_text.h"
#include "model/memcg.h"

namespace oomkit {

// "Task in A killed as a result of limit of B", in one piece or with only one of both.
struct TaskInLine {
  std::optional<std::string_view> task_path;
  std::optional<std::string_view> limit_path;
};
std::optional<TaskInLine> read_task_in(std::string_view text);

// "memory: usage 208204kB, limit 204800kB, failcnt 7470"
struct CounterLine {
  enum class Which { memory, memsw, swap, kmem } which = Which::memory;
  std::optional<KiB> usage;
  std::optional<KiB> limit;  // Absent too if there is none: see `unlimited`.
  bool unlimited = false;
  std::optional<KiB> no_limit;  // The number that says so: what it is depends on the page size.
  std::optional<std::uint64_t> failcnt;
};
std::optional<CounterLine> read_memcg_counter(std::string_view text, LineNotes& notes);

// "Memory cgroup stats for /a:", alone or with " cache:0KB rss:9164KB" behind it.
struct StatBegin {
  std::optional<std::string_view> path;  // Absent while the line breaks off before its ':'.
  std::string_view amounts;              // "" if the statistics follow on lines of their own.
};
std::optional<StatBegin> read_stat_begin(std::string_view text);
int read_stat_amounts(std::string_view amounts, MemcgStat& stat, LineNotes& notes);

// "rss 1150976"
bool read_stat_pair(std::string_view text, MemcgStat& stat, LineNotes& notes);

// 7.x: "Memory cgroup min protection 0kB -- low protection 0kB"
struct ProtectionLine {
  std::optional<KiB> min;
  std::optional<KiB> low;
};
ProtectionLine read_protection(std::string_view text, LineNotes& notes);

}  // namespace oomkit
