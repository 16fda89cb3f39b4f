// The writer by noun: each part of a report is first reduced to what its kernel can print,
// then printed as it stands.
//
// Printing decides nothing, so as_printed_by(), which stops after the reductions, cannot
// disagree with write_report() about what is there.
#pragma once

#include <cstdint>
#include <string_view>

#include "klog/format_table.h"
#include "klog/writer_line.h"
#include "model/oom_report.h"

namespace oomkit {

struct Printing {
  KernelVersion version;
  OomFormat format;
  PageSize page_size = PageSize::k4K;  // Of the report, or the common one.
  bool memcg_scope = false;            // The limit of a memcg was met.
  bool kills = false;
  bool oom_kill_line = false;
  std::string_view reason;  // "Out of memory", as it stands in front of the kill.
};

// An unmapped uid is -1 where the kernel prints %d and 4294967295 where it prints %u.
constexpr std::int64_t printed_signed(std::int64_t uid) {
  return static_cast<std::int32_t>(static_cast<std::uint64_t>(uid));
}
constexpr std::int64_t printed_unsigned(std::int64_t uid) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(uid));
}

// Head: sysrq, trigger, cpuset, CPU line, hardware, stack.
void reduce_head(OomReport& report, const Printing& printing);
void write_sysrq_and_trigger(const OomReport& report, const Printing& printing, LineWriter& out);
void write_stack(const OomReport& report, const Printing& printing, LineWriter& out);

// show_mem().
void reduce_memory(OomReport& report, const Printing& printing);
void write_memory(const HostMemory& memory, const Printing& printing, LineWriter& out);

// The memcg's counters, statistics and protection.
void reduce_memcg(OomReport& report, const Printing& printing);
void write_memcg(const MemcgReport& memcg, const Printing& printing, LineWriter& out);
void write_protection(const MemcgReport& memcg, const Printing& printing, LineWriter& out);
// What is printed where a counter has no limit, and whether that stands in the text.
KiB no_limit(const Printing& printing);
std::optional<KiB> no_limit_printed(const MemcgReport& memcg, const Printing& printing);

void reduce_tasks(OomReport& report, const Printing& printing);
void write_tasks(const OomReport& report, const Printing& printing, LineWriter& out);

// The choice, the kills, the reaper, a panic. Needs the rows of the task table unreduced.
void reduce_verdict(OomReport& report, const Printing& printing);
void write_verdict(const OomReport& report, const Printing& printing, LineWriter& out);

// What a reader concludes from the text as a whole: scope, page size, what is missing.
void reduce_conclusions(OomReport& report, const Printing& printing);

}  // namespace oomkit
