// Who dies: out_of_memory() and what it comes to. mm/oom_kill.c
#include <algorithm>

#include "kernel/badness.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kAdjMin = -1000;  // OOM_SCORE_ADJ_MIN
constexpr SimTime kPerCandidate = 2'000ns;

bool intersects(const std::vector<int>& a, const std::vector<int>& b) {
  if (a.empty() || b.empty()) return true;  // Empty stands for all nodes.
  return std::any_of(a.begin(), a.end(),
                     [&](int node) { return std::find(b.begin(), b.end(), node) != b.end(); });
}

Pages present_on(const Machine& machine, const std::vector<int>& nodes) {
  Pages sum;
  for (const SimZone& zone : machine.zones()) {
    if (std::find(nodes.begin(), nodes.end(), zone.node) != nodes.end()) sum += zone.present;
  }
  return sum;
}

}  // namespace

// task_will_free_mem(): it is on its way out already.
bool Kernel::will_free_memory(const Process& process) const {
  if (process.mm == nullptr || process.mm->oom_skip) return false;
  if (!process.is_dying()) return false;
  return std::all_of(processes_.begin(), processes_.end(), [&](const Process* other) {
    return other == &process || other->mm != process.mm || other->is_dying();
  });
}

// constrained_alloc()
void Kernel::judge_constraint(const Process& process, OomRequest& request) const {
  const Pages swap = machine_.swap().total;
  if (request.memcg != nullptr) {
    request.constraint = Constraint::memcg;
    const Memcg& group = *request.memcg;
    // mem_cgroup_get_max()
    Pages max = group.memory.max;
    const int swappiness = group.swappiness.value_or(sysctls_.swappiness);
    if (swappiness > 0) {
      const Pages more =
          cgroup_ == CgroupVersion::v1 ? group.memsw.max - group.memory.max : group.swap.max;
      max += std::min(std::max(more, Pages(0)), swap);
    }
    request.totalpages = std::max(max, Pages(1));
    return;
  }
  request.totalpages = totalram() + swap;
  request.constraint = Constraint::none;
  if (machine_.nodes() == 1 || request.manual) return;
  if (!request.nodes.empty() && request.nodes.size() < machine_.nodes()) {
    request.constraint = Constraint::memory_policy;
    request.totalpages = swap + present_on(machine_, request.nodes);
    return;
  }
  if (!process.mems.empty() && process.mems.size() < machine_.nodes()) {
    request.constraint = Constraint::cpuset;
    request.totalpages = swap + present_on(machine_, process.mems);
  }
}

// oom_cpuset_eligible()
bool Kernel::may_use(const Process& candidate, const Process& asking,
                     const OomRequest& request) const {
  if (request.memcg != nullptr || machine_.nodes() == 1) return true;
  if (request.constraint == Constraint::memory_policy)
    return intersects(candidate.bind, request.nodes);
  return intersects(candidate.mems, asking.mems);
}

// In the order of the kernel's walk.
std::vector<Process*> Kernel::candidates(const Process& asking, const OomRequest& request) const {
  std::vector<Process*> found;
  if (request.memcg == nullptr) {
    for (Process* process : processes_) {
      if (process->mm != nullptr && may_use(*process, asking, request)) found.push_back(process);
    }
    return found;
  }
  for (const Memcg* group : MemcgTree::subtree(*request.memcg)) {
    for (Process* process : group->members) {
      // Of those that are exiting, victims are there until their memory is given back. 7.2 passes
      // over them from the beginning of their exit (css_task_iter_advance(), PF_EXITING).
      if (process->life == Life::gone || process->mm == nullptr) continue;
      const bool awaited =
          process->oom_victim && !process->mm->oom_skip && profile_.version < KernelVersion{7, 0};
      if (process->life != Life::dying || awaited) found.push_back(process);
    }
  }
  return found;
}

// select_bad_process() and oom_evaluate_task()
Kernel::Choice Kernel::select_bad_process(const Process& asking, const OomRequest& request) const {
  Choice choice;
  BadnessContext context;
  context.totalpages = request.totalpages;
  context = judged_by(profile_.version, context);
  std::int64_t best = 0;
  const std::vector<Process*> all =
      request.memcg != nullptr ? candidates(asking, request) : processes_;
  for (Process* process : all) {
    if (!may_use(*process, asking, request)) continue;
    if (process->oom_victim && !request.manual) {
      if (process->mm == nullptr || process->mm->oom_skip) continue;
      choice.victim = nullptr;
      choice.aborted = true;
      return choice;
    }
    if (process->mm == nullptr || process->mm->oom_skip || process->is_vfork_child) continue;
    if (process->oom_score_adj == kAdjMin || process->pid == 1) continue;
    const auto points = badness(task_of(*process), context);
    if (!points || points->unkillable) continue;
    // From 5.3 on the last of equals.
    if (choice.victim != nullptr && points->points < best) continue;
    choice.victim = process;
    best = points->points;
  }
  return choice;
}

// Header, counters and a line a task. Others may run between two lines where the kernel's own paths
// are left at any time.
Co<void> Kernel::print_report(const Process& asking, const OomRequest& request) {
  constexpr SimTime kLine = 120us;
  const auto tasks = static_cast<std::int64_t>(candidates(asking, request).size());
  SimTime left = profile_.costs.report + profile_.costs.report_task * tasks;
  const SimTime at_once = scheduler_.leaves_kernel_paths() ? kLine : left;
  while (left > SimTime(0)) {
    const SimTime part = std::min(left, at_once);
    left -= part;
    co_await spend(*asking.thread, part);
  }
}

bool Kernel::may_report() {
  constexpr SimTime kInterval = 5s;
  constexpr std::size_t kBurst = 10;
  if (!reports_.empty() && now() - reports_.front() >= kInterval) reports_.clear();
  if (reports_.size() >= kBurst) return false;
  reports_.push_back(now());
  return true;
}

void Kernel::panic_for(const Process& process, const OomRequest& request, const std::string& text) {
  OomReport report = make_report(process, request);
  report.verdict = Verdict::panic;
  report.panic_text = "Kernel panic - not syncing: " + text;
  halted_ = true;
  witness_.reported(std::move(report));
  witness_.panicked("Kernel panic - not syncing: " + text);
}

Co<bool> Kernel::out_of_memory(Process& process, OomRequest request) {
  trace([&] { return "out_of_memory: asked by " + process.comm; });
  if (request.memcg == nullptr && !notifiers_.empty()) {
    Pages freed;
    for (const OomNotifier& notifier : notifiers_)
      freed += notifier();
    if (freed > Pages(0) && !request.manual) co_return true;
  }
  if (!request.manual && will_free_memory(process)) {
    process.oom_victim = true;
    queue_oom_reaper(process);
    co_return true;
  }
  judge_constraint(process, request);
  const int panic_on_oom = sysctls_.panic_on_oom;
  const bool panics =
      panic_on_oom == 2 || (panic_on_oom == 1 && request.constraint == Constraint::none);
  if (panics && !request.manual) {
    panic_for(process, request,
              std::string("Out of memory: ") + (panic_on_oom == 2 ? "compulsory" : "system-wide") +
                  " panic_on_oom is enabled");
    co_return true;
  }
  const SimTime looking = kPerCandidate * static_cast<int>(processes_.size() + 1);
  const bool takes_asking = request.memcg == nullptr && sysctls_.oom_kill_allocating_task &&
                            process.mm != nullptr && process.pid != 1 &&
                            process.oom_score_adj != kAdjMin;
  if (takes_asking) {
    co_await spend(*process.thread, looking);
    co_await print_report(process, request);
    kill_process(process, request, process);
    co_return true;
  }
  // Nobody else runs between the look at the margin and the choice.
  const Choice choice = select_bad_process(process, request);
  co_await spend(*process.thread, looking);
  if (choice.aborted) co_return true;
  if (choice.victim == nullptr) {
    OomReport report = make_report(process, request);
    report.verdict = Verdict::no_killable;
    if (request.memcg == nullptr && !request.manual) {
      panic_for(process, request, "System is deadlocked on memory");
      co_return true;
    }
    if (may_report()) witness_.reported(std::move(report));
    co_await print_report(process, request);
    co_return false;
  }
  Process& victim = *choice.victim;
  trace([&] { return "oom_kill_process: " + victim.comm; });
  // The report is printed first. Nobody else runs between the kill and the next try.
  co_await print_report(process, request);
  if (victim.mm == nullptr) co_return true;  // It has ended by itself meanwhile.
  kill_process(process, request, victim);
  co_return true;
}

Co<void> Kernel::manual_oom(Process& presser) {
  OomRequest request;
  request.manual = true;
  request.order = -1;
  request.user_page = false;
  co_await out_of_memory(presser, request);
}

// oom_kill_process(), with mem_cgroup_get_oom_group() and oom_kill_memcg_member().
void Kernel::kill_process(const Process& asking, const OomRequest& request, Process& victim) {
  if (will_free_memory(victim)) {
    victim.oom_victim = true;
    queue_oom_reaper(victim);
    return;
  }
  Memcg* group = nullptr;
  if (cgroup_ == CgroupVersion::v2) {
    const Memcg* domain = request.memcg;
    for (Memcg* each = victim.memcg; !each->is_root(); each = each->parent) {
      if (each->oom_group) group = each;
      if (each == domain) break;
    }
  }
  OomReport report = make_report(asking, request);
  report.verdict = Verdict::killed;
  report.allocating_task_killed = &asking == &victim && sysctls_.oom_kill_allocating_task &&
                                  request.memcg == nullptr && !request.manual;
  if (report.selection) {
    report.selection->comm = victim.comm;
    report.selection->pid = victim.pid;
    report.selection->uid = victim.uid;
  }
  if (report.at.memcg) report.at.memcg->task_path = victim.memcg->path;
  if (!may_report()) {
    // Of what is limited in its rate, nothing: the last lines alone.
    OomReport short_one;
    short_one.at.page_size = PageSize::k4K;
    short_one.verdict = Verdict::killed;
    short_one.constraint = request.constraint;
    short_one.constraint_source = ConstraintSource::inferred;
    report = std::move(short_one);
  }
  kill_one(victim, report, Victim::Role::chosen);
  if (group != nullptr) {
    raise_max_event(*group, MemcgEvent::oom_group_kill);
    report.oom_group = group->path;
    for (Memcg* each : MemcgTree::subtree(*group)) {
      for (Process* member : each->members) {
        if (member->oom_score_adj == kAdjMin || member->mm == nullptr) continue;
        if (member->life == Life::dying || member->life == Life::gone) continue;
        kill_one(*member, report, Victim::Role::group_member);
      }
    }
  }
  witness_.reported(std::move(report));
}

// __oom_kill_process()
void Kernel::kill_one(Process& victim, OomReport& report, Victim::Role role) {
  const auto kib = [](Pages pages) { return floor_kib(to_bytes(pages, PageSize::k4K)); };
  ++vmstat_.oom_kill;
  raise_max_event(*victim.memcg, MemcgEvent::oom_kill);
  ++victim.memcg->v1_oom_kill;  // On v1 an event does not go up the tree: memcg_memory_event().
  Victim dead;
  dead.pid = victim.pid;
  dead.comm = victim.comm;
  dead.uid = victim.uid;
  dead.total_vm = kib(victim.mm->total_vm);
  const Task task = task_of(victim);
  dead.anon_rss = kib(*task.rss_anon);
  dead.file_rss = kib(*task.rss_file);
  dead.shmem_rss = kib(*task.rss_shmem);
  dead.pgtables = kib(victim.mm->tables);
  dead.oom_score_adj = victim.oom_score_adj;
  dead.role = role;
  // Chosen, and a member of the group that it is killed with: counted and printed twice, but one.
  const bool known = std::any_of(report.victims.begin(), report.victims.end(),
                                 [&](const Victim& each) { return each.pid == dead.pid; });
  if (!known) report.victims.push_back(std::move(dead));
  victim.oom_victim = true;
  queue_oom_reaper(victim);
  send_signal(victim, 9);
  for (Process* other : processes_) {
    if (other != &victim && other->mm == victim.mm && other->pid != 1) send_signal(*other, 9);
  }
}

}  // namespace oomkit::sim
