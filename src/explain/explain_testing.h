// Hand-built reports for the tests of this room: each says what a log would have said and
// nothing more, so that a test shows what a finding rests on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "explain/explanation.h"
#include "explain/finding.h"
#include "model/oom_report.h"

namespace oomkit::testing {

class ReportBuilder {
 public:
  explicit ReportBuilder(std::string release = "6.1.0-18-amd64") {
    report_.input = "test";
    report_.first_line = 1;
    report_.last_line = 100;
    report_.verdict = Verdict::killed;
    report_.complete = true;
    if (!release.empty()) report_.at.kernel_release = std::move(release);
    report_.at.page_size = PageSize::k4K;
  }

  OomReport& raw() { return report_; }
  OomReport build() const { return report_; }

  ReportBuilder& trigger(std::string comm, std::int64_t pid,
                         std::string gfp = "GFP_HIGHUSER_MOVABLE", int order = 0) {
    Trigger trigger;
    trigger.comm = std::move(comm);
    trigger.pid = pid;
    trigger.gfp_text = std::move(gfp);
    trigger.gfp_mask = trigger.gfp_text->empty() ? 0 : 1;
    trigger.order = order;
    trigger.oom_score_adj = 0;
    trigger.line = 1;
    trigger.cpu_line = 2;
    report_.trigger = std::move(trigger);
    return *this;
  }

  // A limit of a group: amounts in KiB, as the log has them. No limit: none is set.
  ReportBuilder& group(const std::string& oom_path, const std::string& task_path,
                       std::int64_t usage_kib, std::optional<std::int64_t> limit_kib,
                       int version = 2) {
    report_.constraint = Constraint::memcg;
    report_.constraint_source = ConstraintSource::stated;
    report_.message_prefixes = {"Memory cgroup out of memory"};
    MemcgReport& memcg = report_.at.memcg.emplace();
    memcg.version = version;
    memcg.oom_path = oom_path;
    memcg.task_path = task_path;
    memcg.memory = counter(usage_kib, limit_kib, 10);
    memcg.stat_line = 20;
    Selection& selection = selection_of();
    selection.constraint_word = "CONSTRAINT_MEMCG";
    return *this;
  }
  ReportBuilder& group(std::int64_t usage_kib, std::int64_t limit_kib) {
    return group("/box", "/box", usage_kib, limit_kib);
  }
  ReportBuilder& stat(std::string_view name, std::int64_t value) {
    report_.at.memcg->stat.set(name, value);
    return *this;
  }
  ReportBuilder& swap_counter(std::int64_t usage_kib, std::optional<std::int64_t> limit_kib) {
    report_.at.memcg->swap = counter(usage_kib, limit_kib, 12);
    return *this;
  }
  ReportBuilder& memsw_counter(std::int64_t usage_kib, std::optional<std::int64_t> limit_kib) {
    report_.at.memcg->memsw = counter(usage_kib, limit_kib, 11);
    return *this;
  }
  ReportBuilder& kmem_counter(std::int64_t usage_kib) {
    report_.at.memcg->kmem = counter(usage_kib, std::nullopt, 13);
    return *this;
  }

  // A host: RAM and reserved in pages of 4 KiB.
  ReportBuilder& host(std::int64_t ram_pages, std::int64_t reserved_pages) {
    report_.constraint = Constraint::none;
    report_.constraint_source = ConstraintSource::stated;
    report_.message_prefixes = {"Out of memory"};
    Selection& selection = selection_of();
    selection.constraint_word = "CONSTRAINT_NONE";
    selection.global_oom = true;
    HostMemory& host = report_.at.host_memory.emplace();
    host.ram = Pages(ram_pages);
    host.reserved = Pages(reserved_pages);
    host.line = 30;
    host.counters_line = 31;
    host.ram_line = 60;
    host.swap_line = 58;
    return *this;
  }
  ReportBuilder& counter_of(std::string_view name, std::int64_t pages) {
    report_.at.host_memory->counters.set(name, Pages(pages));
    return *this;
  }
  ReportBuilder& swap(std::int64_t free_kib, std::int64_t total_kib) {
    report_.at.host_memory->swap_free = KiB(free_kib);
    report_.at.host_memory->swap_total = KiB(total_kib);
    return *this;
  }
  ReportBuilder& zone(std::string name, std::int64_t free_kib, std::int64_t min_kib,
                      std::int64_t managed_kib, int node = 0) {
    Zone zone;
    zone.node = node;
    zone.name = std::move(name);
    zone.amounts.set("free", KiB(free_kib));
    zone.amounts.set("min", KiB(min_kib));
    zone.amounts.set("low", KiB(min_kib + min_kib / 4));
    zone.amounts.set("high", KiB(min_kib + min_kib / 2));
    zone.amounts.set("present", KiB(managed_kib));
    zone.amounts.set("managed", KiB(managed_kib));
    zone.line = 40 + report_.at.host_memory->zones.size();
    report_.at.host_memory->zones.push_back(std::move(zone));
    return *this;
  }
  Zone& last_zone() { return report_.at.host_memory->zones.back(); }

  ReportBuilder& task(std::int64_t pid, std::string comm, std::int64_t rss_pages, int adj = 0,
                      std::int64_t swap_pages = 0, std::int64_t pgtables_bytes = 0) {
    Task task;
    task.pid = pid;
    task.tgid = pid;
    task.uid = 1000;
    task.comm = std::move(comm);
    task.total_vm = Pages(rss_pages * 2 + 100);
    task.rss = Pages(rss_pages);
    task.swapents = Pages(swap_pages);
    task.pgtables = Bytes(pgtables_bytes);
    task.oom_score_adj = adj;
    task.line = 70 + report_.at.tasks.size();
    report_.at.tasks.push_back(std::move(task));
    return *this;
  }
  Task& last_task() { return report_.at.tasks.back(); }

  ReportBuilder& kill(std::int64_t pid, std::string comm, std::int64_t anon_rss_kib, int adj = 0) {
    Selection& selection = selection_of();
    selection.comm = comm;
    selection.pid = pid;
    Victim victim;
    victim.pid = pid;
    victim.comm = std::move(comm);
    victim.anon_rss = KiB(anon_rss_kib);
    victim.file_rss = KiB(0);
    victim.shmem_rss = KiB(0);
    victim.oom_score_adj = adj;
    victim.pgtables = KiB(0);
    victim.line = 98;
    report_.victims.push_back(std::move(victim));
    return *this;
  }
  Victim& last_victim() { return report_.victims.back(); }

 private:
  static MemcgCounter counter(std::int64_t usage, std::optional<std::int64_t> limit,
                              std::uint64_t line) {
    MemcgCounter counter;
    counter.usage = KiB(usage);
    if (limit) counter.limit = KiB(*limit);
    counter.failcnt = 7;
    counter.line = line;
    return counter;
  }
  Selection& selection_of() {
    if (!report_.selection) {
      report_.selection.emplace();
      report_.selection->line = 97;
    }
    return *report_.selection;
  }

  OomReport report_;
};

inline Explanation explained(const ReportBuilder& builder) {
  return explain(builder.build(), {});
}

inline const Finding* find(const Explanation& explanation, FindingId id) {
  for (const Finding& finding : explanation.findings) {
    if (finding.id == id) return &finding;
  }
  return nullptr;
}

// A number of a finding; nothing if the finding or the number is not there.
inline std::optional<std::int64_t> number(const Finding* finding, std::string_view name) {
  if (finding == nullptr) return std::nullopt;
  for (const Number& candidate : finding->numbers) {
    if (candidate.name != name) continue;
    if (const auto* count = std::get_if<std::int64_t>(&candidate.value)) return *count;
  }
  return std::nullopt;
}
inline std::optional<double> real_number(const Finding* finding, std::string_view name) {
  if (finding == nullptr) return std::nullopt;
  for (const Number& candidate : finding->numbers) {
    if (candidate.name != name) continue;
    if (const auto* value = std::get_if<double>(&candidate.value)) return *value;
  }
  return std::nullopt;
}

inline std::optional<Bytes> row(const Explanation& explanation, std::string_view key) {
  if (!explanation.ledger) return std::nullopt;
  for (const LedgerRow& candidate : explanation.ledger->rows) {
    if (candidate.key == key) return candidate.amount;
  }
  return std::nullopt;
}

}  // namespace oomkit::testing
