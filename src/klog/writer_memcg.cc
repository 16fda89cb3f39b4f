// A memcg's block: which cgroup, how full, and of what.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klog/writer_parts.h"

namespace oomkit {
namespace {

// One record of the kernel's log holds 1024 bytes, its prefix included. A list printed as
// one record ends there; the kernel may cut inside a number, which is then none, so the
// writer ends with the last whole line.
constexpr std::size_t kRecordBytes = 976;

void reduce_counter(std::optional<MemcgCounter>& counter, bool printed) {
  if (!printed) {
    counter.reset();
    return;
  }
  if (counter && !counter->failcnt) counter->failcnt = 0;
}

// By its counters, if it is not said.
std::optional<int> version_of(const MemcgReport& memcg) {
  if (memcg.version) return memcg.version;
  if (memcg.swap) return 2;
  if (memcg.memsw || memcg.kmem) return 1;
  return std::nullopt;
}

void reduce_counters(MemcgReport& memcg, const MemcgFormat& format) {
  const bool v2_counters = format.swap_counter && version_of(memcg) == 2;
  reduce_counter(memcg.memory, format.counters);
  reduce_counter(memcg.memsw, format.counters && !v2_counters);
  reduce_counter(memcg.swap, v2_counters);
  reduce_counter(memcg.kmem, format.kmem && !v2_counters);
}

// Amounts of the whole subtree: the sum of its cgroups' own.
MemcgStat summed(const std::vector<MemcgSubtreeStat>& subtree) {
  MemcgStat sum;
  for (const MemcgSubtreeStat& cgroup : subtree) {
    for (const auto& [name, value] : cgroup.stat.entries())
      sum.set(name, (Bytes(sum.find(name).value_or(0)) + Bytes(value)).count());
  }
  return sum;
}

// The line form's names in its order, in whole KB.
MemcgStat line_stat(const MemcgStat& stat, std::string_view names) {
  MemcgStat line;
  Words words(names);
  for (auto name = words.next(); !name.empty(); name = words.next()) {
    auto value = stat.find(name);
    if (!value) value = stat.find(memcg_stat_v2_name(name));
    if (value) line.set(name, to_bytes(floor_kib(Bytes(*value))).count());
  }
  return line;
}

// v1's lists give a cgroup's own amounts first and then, as total_*, those of its subtree.
MemcgStat of_subtree(const MemcgStat& stat) {
  constexpr std::string_view kTotal = "total_";
  MemcgStat totals;
  for (const auto& [name, value] : stat.entries()) {
    if (name.compare(0, kTotal.size(), kTotal) == 0) totals.set(name.substr(kTotal.size()), value);
  }
  return totals.empty() ? stat : totals;
}

MemcgStat list_stat(const MemcgStat& stat, const Printing& printing, bool v1_names) {
  MemcgStat list;
  std::size_t bytes = 0;
  for (const auto& [own_name, value] : stat.entries()) {
    const std::string_view name =
        v1_names ? memcg_stat_v1_name(own_name) : memcg_stat_v2_name(own_name);
    if (memcg_stat_since(name) > printing.version) continue;
    bytes += name.size() + 1 + std::to_string(value).size() + 1;
    if (printing.format.memcg.stat_in_one_record && bytes > kRecordBytes) break;
    list.set(name, value);
  }
  return list;
}

void reduce_stat(MemcgReport& memcg, const Printing& printing) {
  const MemcgFormat& format = printing.format.memcg;
  switch (format.stat) {
    case MemcgStatForm::absent:
      memcg.stat = {};
      memcg.subtree.clear();
      break;
    case MemcgStatForm::line_each:
      if (memcg.subtree.empty() && !memcg.stat.empty())
        memcg.subtree.push_back({memcg.stat_path, memcg.stat, 0});
      for (MemcgSubtreeStat& cgroup : memcg.subtree)
        cgroup.stat = line_stat(cgroup.stat, format.line_names);
      memcg.stat = {};
      break;
    case MemcgStatForm::list_v2_names:
    case MemcgStatForm::list_own_names: {
      if (memcg.stat.empty()) memcg.stat = summed(memcg.subtree);
      if (memcg.stat_path.empty() && !memcg.subtree.empty())
        memcg.stat_path = memcg.subtree.front().path;
      memcg.subtree.clear();
      const bool v1 = format.stat == MemcgStatForm::list_own_names && version_of(memcg) == 1;
      memcg.stat = list_stat(v1 ? memcg.stat : of_subtree(memcg.stat), printing, v1);
      break;
    }
  }
  if (memcg.stat.empty()) memcg.stat_path.clear();
}

void write_counter(std::string_view name, const std::optional<MemcgCounter>& counter,
                   const Printing& printing, LineWriter& out) {
  if (!counter) return;
  out.text(name).text(": usage ").kib(counter->usage);
  out.text(", limit ").kib(counter->limit.value_or(no_limit(printing)));
  out.text(", failcnt ").number(*counter->failcnt).end();
}

void write_stat_lines(const MemcgReport& memcg, LineWriter& out) {
  for (const MemcgSubtreeStat& cgroup : memcg.subtree) {
    out.text("Memory cgroup stats for ").text(cgroup.path).text(":");
    for (const auto& [name, value] : cgroup.stat.entries())
      out.text(" ").text(name).text(":").number(floor_kib(Bytes(value)).count()).text("KB");
    out.end();
  }
}

void write_stat_list(const MemcgReport& memcg, LineWriter& out) {
  if (memcg.stat.empty()) return;
  out.text("Memory cgroup stats for ").text(memcg.stat_path).text(":").end();
  for (const auto& [name, value] : memcg.stat.entries())
    out.text(name).text(" ").number(value).end();
}

}  // namespace

KiB no_limit(const Printing& printing) {
  const std::int64_t page_kib = static_cast<std::int64_t>(printing.page_size) / 1024;
  const MemcgFormat& format = printing.format.memcg;
  return KiB(format.no_limit_in_pages ? format.no_limit_kib / page_kib * page_kib
                                      : format.no_limit_kib);
}

std::optional<KiB> no_limit_printed(const MemcgReport& memcg, const Printing& printing) {
  for (const auto* counter : {&memcg.memory, &memcg.memsw, &memcg.swap, &memcg.kmem}) {
    if (*counter && !(*counter)->limit) return no_limit(printing);
  }
  return std::nullopt;
}

void reduce_memcg(OomReport& report, const Printing& printing) {
  const MemcgFormat& format = printing.format.memcg;
  if (!report.at.memcg) return;
  MemcgReport& memcg = *report.at.memcg;
  if (!memcg.oom_path && !memcg.stat_path.empty()) memcg.oom_path = memcg.stat_path;
  if (memcg.stat_path.empty()) memcg.stat_path = memcg.oom_path.value_or("");

  const bool block = printing.memcg_scope && (printing.kills || format.block_without_victim);
  if (block) {
    reduce_counters(memcg, format);
    reduce_stat(memcg, printing);
  } else {
    MemcgReport paths;
    paths.version = memcg.version;
    paths.oom_path = std::move(memcg.oom_path);
    paths.task_path = std::move(memcg.task_path);
    paths.min_protection = memcg.min_protection;
    paths.low_protection = memcg.low_protection;
    memcg = std::move(paths);
  }

  const bool task_line = block && format.task_line;
  if (!printing.memcg_scope || !(printing.oom_kill_line || task_line)) memcg.oom_path.reset();
  if (!printing.oom_kill_line && !(task_line && printing.kills)) memcg.task_path.reset();
  if (memcg.oom_path && printing.kills && !memcg.task_path) memcg.task_path = memcg.oom_path;

  if (!format.protection || !memcg.min_protection) {
    memcg.min_protection.reset();
    memcg.low_protection.reset();
  } else if (!memcg.low_protection) {
    memcg.low_protection = KiB(0);
  }
  memcg.version.reset();
  if (memcg == MemcgReport{}) report.at.memcg.reset();
}

void write_memcg(const MemcgReport& memcg, const Printing& printing, LineWriter& out) {
  if (printing.format.memcg.task_line && memcg.oom_path) {
    if (memcg.task_path) {
      out.text("Task in ").text(*memcg.task_path);
      out.text(" killed as a result of limit of ").text(*memcg.oom_path).end();
    } else {
      out.text("Memory limit reached of cgroup ").text(*memcg.oom_path).end();
    }
  }
  write_counter("memory", memcg.memory, printing, out);
  write_counter("memory+swap", memcg.memsw, printing, out);
  write_counter("swap", memcg.swap, printing, out);
  write_counter("kmem", memcg.kmem, printing, out);
  write_stat_lines(memcg, out);
  write_stat_list(memcg, out);
}

void write_protection(const MemcgReport& memcg, const Printing& printing, LineWriter& out) {
  if (!printing.format.memcg.protection || !memcg.min_protection) return;
  out.text("Memory cgroup min protection ").kib(*memcg.min_protection);
  out.text(" -- low protection ").kib(*memcg.low_protection).end();
}

}  // namespace oomkit
