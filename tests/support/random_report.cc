#include "tests/support/random_report.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kernel/gfp.h"
#include "tests/support/random_parts.h"
#include "tests/support/sanitizers.h"

namespace oomkit::test {
namespace {

constexpr std::array<std::string_view, 12> kFunctions = {"dump_stack",
                                                         "dump_header",
                                                         "oom_kill_process",
                                                         "out_of_memory",
                                                         "__alloc_pages_slowpath",
                                                         "__alloc_pages_nodemask",
                                                         "filemap_fault",
                                                         "__do_fault",
                                                         "handle_mm_fault",
                                                         "do_user_addr_fault",
                                                         "page_fault",
                                                         "ext4_filemap_fault"};

std::string random_nodes(Random& random) {
  return random.pick<const char*>({"0", "0-1", "1", "0,2", "0-3,8"});
}

std::string random_taint(Random& random) {
  return random.pick<const char*>({"Not tainted", "Not tainted", "Tainted: G        W",
                                   "Tainted: P           O", "Tainted: G           OE"});
}

Trigger random_trigger(Random& random, const OomReport& report, const KernelVersion& version,
                       bool nasty) {
  Trigger trigger;
  trigger.comm = random_comm(random, nasty);
  trigger.pid = random.between(1, 4194304);
  if (!report.at.tasks.empty() && random.chance(60)) {
    const auto last = static_cast<std::int64_t>(report.at.tasks.size()) - 1;
    const Task& task = report.at.tasks[static_cast<std::size_t>(random.between(0, last))];
    trigger.comm = task.comm;
    trigger.pid = task.pid;
  }
  trigger.uid = random.between(0, 65534);
  trigger.gfp_mask = static_cast<std::uint64_t>(random.pick<std::int64_t>(
      {0, 0xd0, 0x201da, 0x280da, 0x24200ca, 0x14200ca, 0x6200ca, 0xcc0, 0x100cca, 0x140dca}));
  if (random.chance(50)) {
    trigger.gfp_text.emplace();
    for (const std::string& flag : decode_gfp(*trigger.gfp_mask, gfp_layout(version)))
      trigger.gfp_text->append(trigger.gfp_text->empty() ? "" : "|").append(flag);
  }
  if (report.constraint == Constraint::memory_policy) trigger.nodemask = random_nodes(random);
  trigger.order = static_cast<int>(random.chance(80) ? 0 : random.between(1, 10));
  trigger.oom_score_adj = static_cast<int>(random.pick({0, 0, 0, -1000, -997, 300, 1000}));
  trigger.oom_adj = static_cast<int>(random.between(-17, 15));
  trigger.cpu = static_cast<int>(random.between(0, 255));
  return trigger;
}

void add_head(Random& random, OomReport& report, const KernelVersion& version, bool nasty) {
  report.trigger = random_trigger(random, report, version, nasty);
  if (report.manual) {
    // The request is worked off by a kernel thread.
    report.trigger->comm = "kworker/" + std::to_string(random.between(0, 7)) + ":1";
    report.trigger->order = -1;
  }
  report.taint = random_taint(random);
  report.at.kernel_release = random_release(random, version);
  if (random.chance(70)) report.hardware = "Acme Corp. Box/1, BIOS 1.2.3 04/01/2014";
  for (std::int64_t depth = random.between(0, 11); depth > 0; --depth)
    report.stack.emplace_back(kFunctions[static_cast<std::size_t>(random.between(0, 11))]);
  if (random.chance(90)) {
    report.selection.emplace();
    report.selection->cpuset = random.chance(60) ? "/" : random_cgroup(random, false).substr(1);
    report.selection->mems_allowed = random_nodes(random);
  }
}

void set_scope(Random& random, OomReport& report, bool nasty) {
  const std::int64_t draw = random.between(0, 99);
  report.constraint = draw < 45   ? Constraint::memcg
                      : draw < 80 ? Constraint::none
                      : draw < 90 ? Constraint::cpuset
                                  : Constraint::memory_policy;
  const bool memcg = report.constraint == Constraint::memcg;
  if (memcg || random.chance(80))
    report.at.memcg = random_memcg(random, random_cgroup(random, nasty), nasty);
  if (!memcg) {
    report.manual = random.chance(5);
    report.allocating_task_killed = !report.manual && random.chance(5);
  }
}

KiB in_kib(std::optional<Pages> pages, PageSize size) {
  return floor_kib(to_bytes(pages.value_or(Pages(0)), size));
}

Victim victim_of(Random& random, const Task& task, PageSize page_size) {
  Victim victim;
  victim.pid = task.pid;
  victim.comm = task.comm;
  victim.uid = task.uid;
  victim.total_vm = in_kib(task.total_vm, page_size);
  victim.anon_rss = in_kib(task.rss_anon, page_size);
  victim.file_rss = in_kib(task.rss_file, page_size);
  victim.shmem_rss = in_kib(task.rss_shmem, page_size);
  victim.pgtables = floor_kib(*task.pgtables);
  victim.oom_score_adj = task.oom_score_adj;
  if (random.chance(50)) {
    victim.reaped = random.chance(85);
    victim.reaped_anon_rss = KiB(0);
    victim.reaped_file_rss = KiB(random.chance(70) ? 0 : random.between(4, 4096));
    victim.reaped_shmem_rss = victim.shmem_rss;
  }
  return victim;
}

void add_kill(Random& random, OomReport& report, bool nasty) {
  std::vector<Task> others = random_tasks(random, 3, nasty);
  const Task* chosen = &others[0];
  if (!report.at.tasks.empty()) {
    const auto last = static_cast<std::int64_t>(report.at.tasks.size()) - 1;
    chosen = &report.at.tasks[static_cast<std::size_t>(random.between(0, last))];
  }
  if (!report.selection) report.selection.emplace();
  report.selection->pid = chosen->pid;
  report.selection->comm = chosen->comm;
  report.selection->uid = chosen->uid;
  report.selection->score = random.between(0, 1200);

  const PageSize page_size = report.at.page_size.value_or(PageSize::k4K);
  report.victims.push_back(victim_of(random, *chosen, page_size));
  if (random.chance(10)) {
    // A child that came too late for the table.
    others[1].pid = report.at.tasks.empty() ? 70000 : report.at.tasks.back().pid + 7;
    report.victims[0] = victim_of(random, others[1], page_size);
    report.victims[0].role = Victim::Role::child;
  } else if (report.constraint == Constraint::memcg && random.chance(15)) {
    report.oom_group = *report.at.memcg->task_path;
    for (const Task& task : report.at.tasks) {
      if (task.pid == chosen->pid || report.victims.size() > 4) continue;
      report.victims.push_back(victim_of(random, task, page_size));
      report.victims.back().role = Victim::Role::group_member;
    }
  } else if (random.chance(4)) {
    report.victims[0].already_exiting = true;
    report.victims[0].reaped.reset();
  } else if (random.chance(5)) {
    Victim sharer;
    sharer.pid = *report.victims[0].pid + 1;
    sharer.comm = random_comm(random, nasty);
    sharer.role = Victim::Role::shares_memory;
    report.victims.push_back(sharer);
  }
}

void add_verdict(Random& random, OomReport& report, const KernelVersion& version, bool nasty) {
  report.verdict = Verdict::killed;
  const bool memcg = report.constraint == Constraint::memcg;
  if (random.chance(8) && !report.manual) {
    report.verdict = Verdict::panic;
    report.panic_text = random.pick<const char*>(
        {"Out of memory: system-wide panic_on_oom is enabled",
         "Out of memory: compulsory panic_on_oom is enabled", "System is deadlocked on memory"});
    if (memcg) report.panic_text = "Out of memory: compulsory panic_on_oom is enabled";
  } else if (random.chance(5) && memcg && version >= KernelVersion{4, 19, 0}) {
    report.verdict = Verdict::no_killable;
  } else if (report.trigger && random.chance(3)) {
    report.verdict = Verdict::unknown;  // The log ends before it.
  }
  if (report.verdict != Verdict::killed) {
    report.allocating_task_killed = false;
    return;
  }
  add_kill(random, report, nasty);
}

}  // namespace

const std::vector<KernelVersion>& kernel_versions() {
  static const std::vector<KernelVersion> versions = {
      {2, 6, 18}, {2, 6, 24}, {2, 6, 28}, {2, 6, 32}, {2, 6, 34}, {2, 6, 36}, {2, 6, 38},
      {3, 2, 0},  {3, 6, 0},  {3, 8, 0},  {3, 10, 0}, {3, 16, 0}, {4, 0, 0},  {4, 1, 0},
      {4, 4, 0},  {4, 6, 0},  {4, 8, 0},  {4, 9, 0},  {4, 14, 0}, {4, 15, 0}, {4, 18, 0},
      {4, 19, 0}, {4, 20, 0}, {5, 0, 0},  {5, 2, 0},  {5, 3, 0},  {5, 4, 0},  {5, 8, 0},
      {5, 10, 0}, {5, 15, 0}, {5, 19, 0}, {6, 1, 0},  {6, 2, 0},  {6, 5, 0},  {6, 8, 0},
      {6, 11, 0}, {6, 12, 0}, {6, 18, 0}, {7, 0, 0},  {7, 2, 0},  {7, 3, 0}};
  return versions;
}

std::vector<KernelVersion> kernel_versions_to_try() {
  const std::vector<KernelVersion>& all = kernel_versions();
  if (OOMKIT_HAS_SANITIZERS == 0) return all;
  std::vector<KernelVersion> some;
  for (std::size_t from_newest = 0; from_newest < all.size(); from_newest += 4)
    some.push_back(all[all.size() - 1 - from_newest]);
  return some;
}

OomReport random_report(Random& random, const KernelVersion& version,
                        const RandomReportOptions& options) {
  const bool nasty = options.nasty_names;
  OomReport report;
  report.at.page_size = random.chance(85)   ? PageSize::k4K
                        : random.chance(70) ? PageSize::k64K
                                            : PageSize::k16K;
  set_scope(random, report, nasty);
  // A storm's later reports are rate-limited to their last lines.
  const bool whole = random.chance(90);
  if (whole) {
    const auto most = static_cast<std::int64_t>(options.tasks_max * (random.chance(3) ? 10 : 1));
    const bool dumped = random.chance(95);  // vm.oom_dump_tasks
    if (dumped)
      report.at.tasks =
          random_tasks(random, static_cast<std::size_t>(random.between(1, most)), nasty);
    add_head(random, report, version, nasty);
    report.at.host_memory = random_memory(random, *report.at.page_size);
  } else {
    report.manual = false;
  }
  add_verdict(random, report, version, nasty);
  // The paths that the oom-kill line names are in the rate-limited part too.
  if (!whole) report.at.memcg.reset();
  return report;
}

}  // namespace oomkit::test
