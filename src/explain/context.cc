#include "explain/context.h"

#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/ledger.h"
#include "explain/words.h"
#include "kernel/judged_version.h"

namespace oomkit {
namespace {

// The kill lines name who died. A log that lost them may still have the line that named
// the choice; a report that ended in a panic killed nobody.
std::optional<Victim> victim_of(const OomReport& report) {
  for (const Victim& victim : report.victims) {
    if (victim.role == Victim::Role::chosen) return victim;
  }
  if (!report.victims.empty()) return report.victims.front();
  if (!report.selection || !report.selection->pid) return std::nullopt;
  if (report.verdict == Verdict::panic || report.verdict == Verdict::no_killable) {
    return std::nullopt;
  }
  Victim victim;
  victim.pid = report.selection->pid;
  victim.comm = report.selection->comm;
  victim.uid = report.selection->uid;
  victim.line = report.selection->line;
  return victim;
}

std::optional<Bytes> sum_of(std::initializer_list<std::optional<KiB>> parts) {
  std::optional<Bytes> sum;
  for (const auto& part : parts) {
    if (part) sum = plus(sum.value_or(Bytes(0)), to_bytes(*part));
  }
  return sum;
}

// The bits of a mask are those of the release that printed it: what distributions carry
// back of the OOM killer does not move them.
std::vector<std::string> request_flags(const Snapshot& at, const Trigger& trigger,
                                       std::optional<KernelVersion> judged) {
  if (trigger.gfp_text) return split_gfp_text(*trigger.gfp_text);
  auto version = at.kernel_release ? parse_kernel_version(*at.kernel_release) : judged;
  if (!version) version = judged;
  if (trigger.gfp_mask && version) return decode_gfp(*trigger.gfp_mask, gfp_layout(*version));
  return {};
}

void read_tasks(Context& context) {
  // Nothing of a row is bytes without it.
  if (!context.page_size) return;
  const std::vector<Task>& tasks = context.report.at.tasks;
  Bytes sum(0);
  Bytes most(0);
  std::size_t largest = tasks.size();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto rss = rss_bytes(tasks[i], context.page_size);
    if (!rss) continue;
    sum = plus(sum, *rss);
    const Bytes use = use_beside(*rss, tasks[i], context.page_size);
    if (use <= most && largest != tasks.size()) continue;
    most = use;
    largest = i;
  }
  if (largest == tasks.size()) return;
  context.tasks_rss = sum;
  context.largest_use = most;
  context.largest_row = largest;
}

void read_victim(Context& context) {
  context.victim = victim_of(context.report);
  // Where the kill line is lost, the reaper's or the choice's says that it died.
  if (context.victim && context.victim->line == 0) {
    context.victim->line = context.victim->reap_line;
    if (context.victim->line == 0 && context.report.selection) {
      context.victim->line = context.report.selection->line;
    }
  }
  const std::vector<Task>& tasks = context.report.at.tasks;
  if (context.victim && context.victim->pid) {
    context.victim_row = find_row(tasks, *context.victim->pid);
    const Victim& v = *context.victim;
    context.victim_rss =
        v.rss ? std::optional(to_bytes(*v.rss)) : sum_of({v.anon_rss, v.file_rss, v.shmem_rss});
    context.victim_use = context.victim_rss;
  }
  if (context.victim_row) {
    const Task& task = tasks[*context.victim_row];
    if (const auto rss = rss_bytes(task, context.page_size)) context.victim_rss = rss;
    if (const auto use = use_bytes(task, context.page_size)) context.victim_use = use;
  }
  context.chosen_row = context.victim_row;
  if (context.report.selection && context.report.selection->pid) {
    context.chosen_row = find_row(tasks, *context.report.selection->pid);
  }
}

// Groups of v2 are charged for page tables, and before 5.11 no statistics line says so. The
// processes' own are known then: those of the table are all of the group. They count as far as
// they explain what the statistics leave over, for a kernel may not charge them at all.
void add_page_tables(MemcgAmounts& amounts, const MemcgReport& memcg, const OomReport& report,
                     std::optional<PageSize> page_size) {
  if (!amounts.kernel_expected || amounts.kernel_part("pagetables") || !memcg.memory) return;
  Bytes known = amounts.kernel_parts_sum();
  for (const auto& part : {amounts.anon, amounts.file, amounts.sock, amounts.hugetlb})
    known = plus(known, part.value_or(Bytes(0)));
  const Bytes left = minus(to_bytes(memcg.memory->usage), known);
  constexpr std::int64_t kWorthALook = 64;  // A 64th of the usage.
  if (left.count() <= to_bytes(memcg.memory->usage).count() / kWorthALook) return;
  Bytes tables(0);
  for (const Task& task : report.at.tasks)
    tables = plus(tables, task_pgtables(task, page_size).value_or(Bytes(0)));
  if (tables <= Bytes(0)) return;
  amounts.kernel_parts.push_back(
      {"pagetables", "page tables of the processes", std::min(tables, left)});
}

}  // namespace

Scope scope_of(const OomReport& report) {
  const auto begins = [&](std::string_view words) {
    return std::any_of(
        report.message_prefixes.begin(), report.message_prefixes.end(),
        [&](const std::string& prefix) { return prefix.compare(0, words.size(), words) == 0; });
  };
  if (begins("Memory cgroup out of memory")) return Scope::memcg;
  const auto called = [&](std::string_view function) {
    return std::any_of(report.stack.begin(), report.stack.end(), [&](const std::string& frame) {
      return frame.compare(0, function.size(), function) == 0;
    });
  };
  if (called("mem_cgroup_out_of_memory")) return Scope::memcg;
  if (report.selection && report.selection->global_oom) return Scope::host;
  if (report.at.memcg && report.at.memcg->oom_path) return Scope::memcg;
  switch (report.constraint) {
    case Constraint::memcg:
      return Scope::memcg;
    case Constraint::none:
    case Constraint::cpuset:
    case Constraint::memory_policy:
      return Scope::host;
    case Constraint::unknown:
      break;
  }
  if (report.at.memcg && report.at.memcg->memory) return Scope::memcg;
  // The kernel prints the host's memory only when the host itself was short.
  if (begins("Out of memory") || report.at.host_memory) return Scope::host;
  // The page allocator itself called the killer.
  if (called("out_of_memory") && called("__alloc_pages")) return Scope::host;
  return Scope::unknown;
}

std::optional<PageSize> page_size_of(const OomReport& report) {
  if (report.at.page_size) return report.at.page_size;
  if (!report.at.kernel_release) return std::nullopt;
  // x86 has base pages of 4 KiB and no other; releases of distributions name it.
  for (const std::string_view word : {"x86_64", "amd64", "i686", "i586", "i386"}) {
    if (report.at.kernel_release->find(word) != std::string::npos) return PageSize::k4K;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_row(const std::vector<Task>& tasks, std::int64_t pid) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].pid == pid) return i;
  }
  // The row's pid is that of a thread that still has the memory; the kill line's is the
  // process's.
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].tgid == pid) return i;
  }
  return std::nullopt;
}

Context::Context(const Explanation& explanation)
    : said(explanation), report(explanation.report), scope(scope_of(explanation.report)) {
  if (report.at.host_memory) host = &*report.at.host_memory;
  if (report.at.memcg) memcg = &*report.at.memcg;
  if (const auto judged = judged_version(report)) {
    version = judged->version;
    version_stated = judged->stated;
  }
  page_size = page_size_of(report);
  if (memcg != nullptr) amounts = memcg_amounts(*memcg);
  if (amounts) add_page_tables(*amounts, *memcg, report, page_size);
  read_tasks(*this);
  read_victim(*this);
  if (scope == Scope::memcg && memcg != nullptr && memcg->memory) {
    whole = to_bytes(memcg->memory->limit.value_or(memcg->memory->usage));
  } else if (scope != Scope::memcg && host != nullptr) {
    whole = host_ram(*host, page_size);
  }
  if (whole && *whole <= Bytes(0)) whole.reset();
  if (report.trigger) {
    const auto flags = request_flags(report.at, *report.trigger, version);
    request_known = !flags.empty() || report.trigger->gfp_mask == std::uint64_t{0};
    if (request_known) request = explain_gfp(flags);
    if (report.trigger->order) order = std::clamp(*report.trigger->order, 0, 20);
  }
}

std::optional<std::int32_t> Context::victim_adj() const {
  if (victim && victim->oom_score_adj) return victim->oom_score_adj;
  if (victim_row) return row(*victim_row).oom_score_adj;
  return std::nullopt;
}

std::string Context::victim_text() const {
  if (!victim) return "nobody";
  return process_text(victim->comm.value_or(""), victim->pid);
}

std::string Context::whole_text() const {
  if (!whole) return scope == Scope::memcg ? "the limit" : "RAM";
  if (scope != Scope::memcg) return size_text(*whole) + " of RAM";
  const bool limited = memcg->memory && memcg->memory->limit;
  return text_of({"the ", size_text(*whole), limited ? " limit" : " in use"});
}

std::uint64_t Context::statistics_line() const {
  if (in_group()) return memcg != nullptr ? memcg->stat_line : 0;
  return host != nullptr ? host->counters_line : 0;
}

std::string Context::scope_place() const {
  return scope == Scope::memcg ? "in the group" : "on the host";
}

}  // namespace oomkit
