#include "klog/evidence.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "kernel/judged_version.h"

namespace oomkit {
namespace {

constexpr std::array<PageSize, 4> kPageSizes = {PageSize::k4K, PageSize::k8K, PageSize::k16K,
                                                PageSize::k64K};

bool has_prefix(const OomReport& report, std::string_view begin) {
  return std::any_of(
      report.message_prefixes.begin(), report.message_prefixes.end(),
      [&](const std::string& prefix) { return prefix.compare(0, begin.size(), begin) == 0; });
}

bool has_memcg_block(const OomReport& report) {
  if (!report.at.memcg) return false;
  const MemcgReport& memcg = *report.at.memcg;
  return memcg.memory || memcg.memsw || memcg.swap || memcg.kmem || memcg.oom_path ||
         !memcg.stat.empty() || !memcg.subtree.empty() || !memcg.stat_path.empty();
}

bool stack_has(const OomReport& report, std::string_view function) {
  return std::any_of(report.stack.begin(), report.stack.end(), [&](const std::string& frame) {
    return frame.compare(0, function.size(), function) == 0;
  });
}

void conclude_verdict(OomReport& report) {
  if (report.killer != Killer::kernel || report.verdict != Verdict::unknown) return;
  if (!report.selection || !report.selection->pid || !report.victims.empty()) return;
  // The kernel's next step after this line is the kill itself.
  Victim victim;
  victim.pid = report.selection->pid;
  victim.comm = report.selection->comm;
  victim.uid = report.selection->uid;
  victim.from_selection = true;
  report.victims.push_back(std::move(victim));
  report.verdict = Verdict::killed;
}

std::optional<Constraint> constraint_of(std::string_view word) {
  if (word == "CONSTRAINT_NONE") return Constraint::none;
  if (word == "CONSTRAINT_CPUSET") return Constraint::cpuset;
  if (word == "CONSTRAINT_MEMORY_POLICY") return Constraint::memory_policy;
  if (word == "CONSTRAINT_MEMCG") return Constraint::memcg;
  return std::nullopt;
}

void conclude_constraint(OomReport& report) {
  report.constraint = Constraint::unknown;
  report.constraint_source = ConstraintSource::absent;
  if (report.killer != Killer::kernel) return;
  if (report.selection && report.selection->constraint_word) {
    report.constraint =
        constraint_of(*report.selection->constraint_word).value_or(Constraint::unknown);
    report.constraint_source = ConstraintSource::stated;
    return;
  }
  // Before 5.0 no constraint was printed, but a memcg's report has words of its own.
  if (has_prefix(report, "Memory cgroup") || has_memcg_block(report)) {
    report.constraint = Constraint::memcg;
  } else if (has_prefix(report, "No available memory in cpuset")) {
    report.constraint = Constraint::cpuset;
  } else if (has_prefix(report, "No available memory")) {
    report.constraint = Constraint::memory_policy;
  } else {
    return;
  }
  report.constraint_source = ConstraintSource::inferred;
}

void conclude_scope(OomReport& report) {
  report.scope = std::nullopt;
  if (report.killer != Killer::kernel) return;
  const bool memcg_in_stack = stack_has(report, "mem_cgroup_out_of_memory") ||
                              stack_has(report, "mem_cgroup_oom_synchronize");
  if (has_prefix(report, "Memory cgroup") || has_memcg_block(report) || memcg_in_stack) {
    report.scope = Constraint::memcg;
  } else if (report.constraint != Constraint::unknown) {
    report.scope = report.constraint;
  } else if (report.selection && report.selection->global_oom) {
    report.scope = Constraint::none;
  }
}

// The page size by which an amount in pages is the same amount in kB.
std::optional<PageSize> ratio(std::int64_t pages, std::int64_t kib) {
  for (const PageSize size : kPageSizes) {
    const std::int64_t factor = static_cast<std::int64_t>(size) / 1024;
    if (pages > 0 && kib % factor == 0 && kib / factor == pages) return size;
  }
  return std::nullopt;
}

std::optional<PageSize> page_size_of_victim(const OomReport& report) {
  constexpr std::size_t kVictimsTried = 8;
  std::size_t tried = 0;
  for (const Victim& victim : report.victims) {
    if (!victim.pid || !victim.total_vm || ++tried > kVictimsTried) continue;
    for (const Task& task : report.at.tasks) {
      if (task.pid != *victim.pid || !task.total_vm) continue;
      const auto size = ratio(task.total_vm->count(), victim.total_vm->count());
      if (size) return size;
    }
  }
  return std::nullopt;
}

std::optional<PageSize> page_size_of_free_lists(const HostMemory& memory) {
  for (const Zone& zone : memory.zones) {
    if (zone.free_blocks.empty()) continue;
    for (const PageSize size : kPageSizes) {
      if (zone.free_blocks.front().block_size.count() * 1024 == static_cast<std::int64_t>(size)) {
        return size;
      }
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> sum_of_nodes(const HostMemory& memory, std::string_view key) {
  std::int64_t sum = 0;
  for (const Node& node : memory.nodes) {
    const auto amount = node.amounts.find(key);
    if (!amount || __builtin_add_overflow(sum, amount->count(), &sum)) return std::nullopt;
  }
  return memory.nodes.empty() ? std::nullopt : std::optional(sum);
}

// The same counters stand in pages for the host and in kB for its nodes. They move while
// they are printed, so two of them have to agree.
std::optional<PageSize> page_size_of_nodes(const HostMemory& memory) {
  constexpr std::array<std::string_view, 6> kBoth = {
      "active_anon", "inactive_anon", "active_file", "inactive_file", "unevictable", "mapped"};
  for (const PageSize size : kPageSizes) {
    int agreeing = 0;
    for (const std::string_view key : kBoth) {
      const auto pages = memory.counters.find(key);
      const auto kib = sum_of_nodes(memory, key);
      if (pages && kib && ratio(pages->count(), *kib) == size) ++agreeing;
    }
    if (agreeing >= 2) return size;
  }
  return std::nullopt;
}

std::optional<PageSize> page_size_of_zones(const HostMemory& memory) {
  if (!memory.ram) return std::nullopt;
  std::int64_t present = 0;
  for (const Zone& zone : memory.zones) {
    const auto amount = zone.find("present");
    if (!amount || __builtin_add_overflow(present, amount->count(), &present)) {
      return std::nullopt;
    }
  }
  return ratio(memory.ram->count(), present);
}

// Where no limit is set the kernel prints PAGE_COUNTER_MAX, since 3.19 the largest number of
// whole pages that a long can count in bytes: another one for each page size.
std::optional<PageSize> page_size_of_no_limit(std::optional<KiB> printed) {
  for (const PageSize size : kPageSizes) {
    const auto bytes = static_cast<std::int64_t>(size);
    const std::int64_t largest = std::numeric_limits<std::int64_t>::max() / bytes * (bytes / 1024);
    if (printed && printed->count() == largest) return size;
  }
  return std::nullopt;
}

bool is_x86_release(std::string_view release) {
  for (const std::string_view arch : {"x86_64", "amd64", "i686", "i586", "i386"}) {
    if (release.find(arch) != std::string_view::npos) return true;
  }
  return false;
}

bool is_arm64(const OomReport& report) {
  const std::string_view release =
      report.at.kernel_release ? std::string_view(*report.at.kernel_release) : std::string_view();
  if (release.find("aarch64") != std::string_view::npos ||
      release.find("arm64") != std::string_view::npos) {
    return true;
  }
  return stack_has(report, "el0_") || stack_has(report, "do_mem_abort");
}

// arm64 counts its page tables in whole pages, each of them a table. (ppc64 cuts pages
// into several tables, so there the sizes prove nothing.)
std::optional<PageSize> page_size_of_tables(const OomReport& report) {
  if (!is_arm64(report)) return std::nullopt;
  constexpr std::size_t kEnough = 8;
  std::size_t rows = 0;
  std::int64_t all = 0;
  for (const Task& task : report.at.tasks) {
    if (!task.pgtables || task.pgtables->count() <= 0) continue;
    all |= task.pgtables->count();
    ++rows;
  }
  if (rows == 0) return std::nullopt;
  if (all % 16384 != 0) return all % 4096 == 0 ? std::optional(PageSize::k4K) : std::nullopt;
  if (rows < kEnough) return std::nullopt;
  return all % 65536 != 0 ? PageSize::k16K : PageSize::k64K;
}

std::optional<PageSize> proven_page_size(const OomReport& report, const ReportSigns& signs) {
  if (const auto size = page_size_of_victim(report)) return size;
  if (report.at.host_memory) {
    const HostMemory& memory = *report.at.host_memory;
    if (const auto size = page_size_of_free_lists(memory)) return size;
    if (const auto size = page_size_of_zones(memory)) return size;
    if (const auto size = page_size_of_nodes(memory)) return size;
  }
  if (const auto size = page_size_of_no_limit(signs.no_limit)) return size;
  if (const auto size = page_size_of_tables(report)) return size;
  const bool x86 =
      signs.x86 || (report.at.kernel_release && is_x86_release(*report.at.kernel_release));
  return x86 ? std::optional(PageSize::k4K) : std::nullopt;
}

constexpr std::array<std::string_view, 4> kRotated = {"shmem", "shmem_thp", "shmem_pmdmapped",
                                                      "anon_thp"};

enum class ShmemOrder { right, rotated, open };

// The host's own shmem counter shows under which name the nodes have theirs.
ShmemOrder shmem_order(const HostMemory& memory, std::optional<PageSize> page_size) {
  const auto shmem = memory.counters.find("shmem");
  const auto named_so = sum_of_nodes(memory, "shmem");
  const auto named_thp = sum_of_nodes(memory, "anon_thp");
  if (!shmem || !named_so || !named_thp) return ShmemOrder::open;
  const auto is_shmem = [&](std::int64_t kib) {
    if (shmem->count() == 0) return kib == 0;
    const auto size = ratio(shmem->count(), kib);
    return size && (!page_size || size == page_size);
  };
  if (is_shmem(*named_so)) return is_shmem(*named_thp) ? ShmemOrder::open : ShmemOrder::right;
  return is_shmem(*named_thp) ? ShmemOrder::rotated : ShmemOrder::open;
}

// Only 4.9 had it, and 4.8 to 4.11 count pages scanned for each node.
bool may_be_rotated(const OomReport& report) {
  const HostMemory& memory = *report.at.host_memory;
  if (report.at.kernel_release) {
    const auto version = parse_kernel_version(*report.at.kernel_release);
    if (version) return version->major == 4 && version->minor == 9;
  }
  return std::any_of(memory.nodes.begin(), memory.nodes.end(),
                     [](const Node& node) { return node.pages_scanned.has_value(); });
}

void drop_rotated(Node& node) {
  NamedAmounts<KiB> kept;
  for (const auto& [name, amount] : node.amounts.entries()) {
    if (std::find(kRotated.begin(), kRotated.end(), name) == kRotated.end()) kept.add(name, amount);
  }
  node.amounts = std::move(kept);
}

// 4.9 printed four amounts of the node line under each other's names: what stands behind
// "anon_thp" is shmem. Where nothing shows which way it is, these four are unknown.
void mend_rotated_shmem(OomReport& report) {
  if (!report.at.host_memory) return;
  HostMemory& memory = *report.at.host_memory;
  const ShmemOrder order = shmem_order(memory, report.at.page_size);
  if (order == ShmemOrder::right) return;
  if (order == ShmemOrder::open && !may_be_rotated(report)) return;
  for (Node& node : memory.nodes) {
    const auto thp = node.amounts.find("shmem");
    const auto pmdmapped = node.amounts.find("shmem_thp");
    const auto anon = node.amounts.find("shmem_pmdmapped");
    const auto real = node.amounts.find("anon_thp");
    if (order == ShmemOrder::open) {
      drop_rotated(node);
    } else if (thp && pmdmapped && anon && real) {
      node.amounts.set("shmem", *real);
      node.amounts.set("shmem_thp", *thp);
      node.amounts.set("shmem_pmdmapped", *pmdmapped);
      node.amounts.set("anon_thp", *anon);
    }
  }
}

// Early 5.4 printed the victim's page tables in bytes with "kB" behind them.
void mend_pgtables_unit(OomReport& report) {
  for (Victim& victim : report.victims) {
    if (!victim.pgtables || victim.pgtables->count() < 4096 || !victim.pid) continue;
    for (const Task& task : report.at.tasks) {
      if (task.pid == *victim.pid && task.pgtables &&
          task.pgtables->count() == victim.pgtables->count()) {
        victim.pgtables = floor_kib(*task.pgtables);
      }
    }
    return;
  }
}

// The oom-kill line names the chosen one's user, kill lines up to 5.3 do not.
void complete_victim(OomReport& report) {
  if (!report.selection || !report.selection->uid || !report.selection->pid) return;
  for (Victim& victim : report.victims) {
    if (victim.pid == report.selection->pid && !victim.uid) victim.uid = report.selection->uid;
  }
}

void conclude_memcg(OomReport& report) {
  if (!report.at.memcg) return;
  MemcgReport& memcg = *report.at.memcg;
  if (!memcg.oom_path) {
    // A list of statistics comes once, for the cgroup at its limit. Of the lines for each
    // cgroup of a subtree the first would be its, and may be lost.
    if (memcg.subtree.empty() && !memcg.stat_path.empty()) memcg.oom_path = memcg.stat_path;
  }
  memcg.version = std::nullopt;
  // From 5.3 on each version has counters of its own; that is also when the list of
  // statistics came. Before, both printed the same three.
  if (memcg.swap) {
    memcg.version = 2;
  } else if (memcg.stat.find("hierarchical_memory_limit") || memcg.stat.find("total_rss") ||
             (!memcg.stat.empty() && (memcg.memsw || memcg.kmem))) {
    memcg.version = 1;
  }
}

class Missing {
 public:
  Missing(OomReport& report, const ReportSigns& signs)
      : report_(&report), signs_(&signs), version_(judged_version(report)) {}

  void find() {
    report_->missing.clear();
    const bool memcg = report_->scope == Constraint::memcg;
    add_if(!report_->trigger, Part::trigger);
    add_if(report_->stack.empty() && !signs_->frames, Part::stack);
    add_if(!memcg && !memory_is_whole(), Part::memory);
    if (memcg) find_memcg();
    add_if(report_->at.tasks.empty() && since({2, 6, 36}), Part::task_table);
    add_if(constraint_is_missing(), Part::constraint);
    add_if(kill_line_is_missing(), Part::kill_line);
  }

 private:
  void add_if(bool missing, Part part) {
    if (missing) report_->missing.push_back(part);
  }

  // Where no version is known, what all kernels of the last ten years do.
  bool since(KernelVersion version) const { return !version_ || version_->version >= version; }

  bool memory_is_whole() const {
    if (!report_->at.host_memory) return false;
    const HostMemory& memory = *report_->at.host_memory;
    return !memory.counters.empty() && !memory.zones.empty() && memory.ram.has_value();
  }

  void find_memcg() {
    const MemcgReport none;
    const MemcgReport& memcg = report_->at.memcg ? *report_->at.memcg : none;
    add_if(!memcg.memory && since({2, 6, 30}), Part::memcg_usage);
    add_if(memcg.stat.empty() && memcg.subtree.empty() && since({3, 9, 0}), Part::memcg_stats);
  }

  bool constraint_is_missing() const {
    if (report_->verdict == Verdict::panic || report_->verdict == Verdict::no_killable) {
      return false;
    }
    const bool printed = report_->selection && report_->selection->constraint_word;
    return !printed && version_ && version_->version >= KernelVersion{5, 0, 0};
  }

  bool kill_line_is_missing() const {
    if (report_->verdict == Verdict::panic || report_->verdict == Verdict::no_killable) {
      return false;
    }
    if (signs_->reaper_only) return true;
    return std::none_of(report_->victims.begin(), report_->victims.end(),
                        [](const Victim& victim) { return !victim.from_selection; });
  }

  OomReport* report_;
  const ReportSigns* signs_;
  std::optional<JudgedVersion> version_;
};

}  // namespace

void conclude(OomReport& report, const ReportSigns& signs) {
  conclude_verdict(report);
  complete_victim(report);
  conclude_constraint(report);
  conclude_memcg(report);
  conclude_scope(report);
  report.at.page_size = proven_page_size(report, signs);
  mend_rotated_shmem(report);
  mend_pgtables_unit(report);
  report.ends_cut = report.verdict == Verdict::unknown;
  report.missing.clear();
  if (report.killer == Killer::kernel) Missing(report, signs).find();
  report.complete = report.missing.empty() && !report.begins_cut && !report.ends_cut &&
                    !report.elided && report.lines_lost == 0 && report.damaged_lines == 0 &&
                    report.tasks_dropped == 0;
}

}  // namespace oomkit
