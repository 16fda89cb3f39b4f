#include "sim/kernel.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "kernel/badness.h"
#include "kernel/zone_levels.h"

namespace oomkit::sim {
namespace {

constexpr Pages kStackPages(4);
constexpr Pages kInitCommitted(955);  // PID 1 of a rehearsal, ...
constexpr Pages kForkCommitted(128);  // ... and a fork of it.

std::size_t node_count(const HostSpec& host) {
  return std::max<std::size_t>(host.nodes.size(), 1);
}

bool uses_files(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.kind == Step::Kind::read_file || step.kind == Step::Kind::write_file ||
           uses_files(step.steps);
  });
}

// A rehearsal gives the machine a disk for swap, and one for the files of its processes.
int count_disks(const Scenario& scenario) {
  const bool swaps = scenario.host.swap > Bytes(0) && scenario.host.swap_kind == SwapKind::disk;
  const bool writes =
      std::any_of(scenario.processes.begin(), scenario.processes.end(),
                  [](const ProcessSpec& process) { return uses_files(process.steps); });
  return (swaps ? 1 : 0) + (writes ? 1 : 0);
}

std::int64_t count_steps(const std::vector<Step>& steps) {
  std::int64_t count = 0;
  for (const Step& step : steps)
    count += 1 + count_steps(step.steps);
  return count;
}

// What PID 1 needs to know its scenario by is in every process that it forks: measured.
Pages heap_of(const Scenario& scenario) {
  std::int64_t steps = 0;
  for (const ProcessSpec& process : scenario.processes)
    steps += count_steps(process.steps);
  const auto processes = static_cast<std::int64_t>(scenario.processes.size());
  const auto events = static_cast<std::int64_t>(scenario.events.size());
  return Pages(std::max<std::int64_t>(22 * steps + 20 * events + 35 * processes - 50, 0) / 100);
}

// Committed_AS of a rehearsal's machine: of PID 1, and of what it set up.
Pages committed_at_begin(const KernelProfile& profile, const Scenario& scenario) {
  Pages committed = kInitCommitted + heap_of(scenario);
  if (count_disks(scenario) > 0) committed += profile.disk_committed;
  const bool zram = scenario.host.swap_kind == SwapKind::zram;
  if (scenario.host.swap > Bytes(0) && zram) committed += profile.zram_committed;
  return committed;
}

// Deadly by default, as far as scenarios send them (signal(7)).
bool is_deadly(int number) {
  return number != SIGCHLD && number != SIGCONT && number != SIGURG && number != SIGWINCH &&
         number != SIGSTOP && number != SIGTSTP && number != SIGTTIN && number != SIGTTOU;
}

bool leaves_core(int number) {
  return number == SIGABRT || number == SIGQUIT || number == SIGSEGV || number == SIGBUS ||
         number == SIGFPE || number == SIGILL || number == SIGTRAP || number == SIGSYS ||
         number == SIGXCPU || number == SIGXFSZ;
}

}  // namespace

Kernel::Kernel(const KernelProfile& profile, const Scenario& scenario, Scheduler& scheduler,
               Witness& witness, bool page_by_page)
    : profile_(profile),
      cgroup_(scenario.host.cgroup),
      scheduler_(scheduler),
      witness_(witness),
      page_by_page_(page_by_page),
      machine_(profile, scenario.host, count_disks(scenario)),
      memcgs_(node_count(scenario.host), profile.charge_batch, profile.stocks,
              scenario.host.cgroup == CgroupVersion::v1 && profile.version < KernelVersion{5, 11}),
      next_pid_(profile.first_pid),
      committed_(committed_at_begin(profile, scenario)),
      slab_reclaimable_(profile.slab_reclaimable),
      slab_unreclaimable_(profile.slab_unreclaimable),
      kernel_stack_(profile.kernel_stack),
      page_tables_(profile.page_tables),
      init_more_(heap_of(scenario)),
      kswapds_(node_count(scenario.host)) {
  reaper_ = &scheduler_.create(0);
  scheduler_.start(*reaper_, oom_reaper());
  worker_ = &scheduler_.create(0);
  worker_->on_change = [this, before = PressureGroup::Tasks{}]() mutable {
    PressureGroup::Tasks tasks;
    tasks.productive = tasks.runnable = worker_->is_runnable() ? 1 : 0;
    tasks.running = worker_->is_running() ? 1 : 0;
    host_pressure_.replace(now(), before, tasks);
    before = tasks;
  };
  scheduler_.start(*worker_, work_on_pressure());
  for (std::size_t node = 0; node < kswapds_.size(); ++node) {
    kswapds_[node].thread = &scheduler_.create(0);
    scheduler_.start(*kswapds_[node].thread, kswapd(static_cast<int>(node)));
  }
}

Process& Kernel::new_process(std::string_view comm, Process* parent, int nice) {
  all_processes_.push_back(std::make_unique<Process>());
  Process& process = *all_processes_.back();
  process.pid = next_pid_++;
  process.started = now();
  process.comm = comm;
  process.parent = parent;
  process.memcg = &memcgs_.root();
  process.thread = &scheduler_.create(nice);
  process.thread->on_change = [this, &process] { update_pressure(process); };
  processes_.push_back(&process);
  return process;
}

Process& Kernel::create_process(std::string_view comm, Process* parent, int nice) {
  Process& process = new_process(comm, parent, nice);
  if (parent == nullptr) {
    // A fork of PID 1: what it has of its own there is charged to nobody.
    process.mm = std::make_shared<Mm>();
    Mm& mm = *process.mm;
    mm.total_vm = profile_.base_vm + init_more_;
    mm.base_anon = kProgramAnon + init_more_;
    mm.base_shmem = kForkShmem;
    mm.base_file = profile_.base_file;
    mm.tables = profile_.base_tables;
    mm.committed = kForkCommitted + init_more_;
    committed_.add(mm.committed);
    kernel_stack_ += kStackPages;
    page_tables_ += mm.tables;
    Placement where{{0}};
    static_cast<void>(machine_.take(kStackPages + mm.tables, where, Mark::min));
    join(process, memcgs_.root());
  }
  return process;
}

// Charges stay where they were made.
void Kernel::join(Process& process, Memcg& group) {
  std::erase(process.memcg->members, &process);
  for (Memcg* each = process.memcg; !each->is_root(); each = each->parent)
    each->pressure.change(now(), process.counted, -1);
  process.memcg = &group;
  for (Memcg* each = process.memcg; !each->is_root(); each = each->parent)
    each->pressure.change(now(), process.counted, 1);
  group.members.push_back(&process);
  process.joined = joined_++;
  if (process.mm != nullptr && !process.is_vfork_child) process.mm->memcg = &group;
}

void Kernel::update_pressure(Process& process) {
  const bool over = process.life == Life::gone;
  // Up to 5.14 whoever runs is productive, also in reclaim.
  const bool is_old = profile_.version < KernelVersion{5, 15};
  const bool stalled = process.stalls && !over;
  const bool runnable = !over && process.thread->is_runnable();
  const bool running = !over && process.thread->is_running();
  PressureGroup::Tasks tasks;
  tasks.stalled = stalled ? 1 : 0;
  tasks.productive = (is_old || !stalled) && runnable ? 1 : 0;
  const bool reclaims = stalled && running;
  tasks.sampled = is_old && reclaims ? 1 : 0;
  tasks.reclaiming = !is_old && reclaims ? 1 : 0;
  tasks.on_disk = process.waits_for_disk && !over && !runnable ? 1 : 0;
  tasks.runnable = runnable ? 1 : 0;
  tasks.running = running ? 1 : 0;
  if (tasks == process.counted) return;
  const PressureGroup::Tasks before = std::exchange(process.counted, tasks);
  host_pressure_.replace(now(), before, tasks);
  if (tasks.stalled > before.stalled) witness_.stalled();
  for (Memcg* group = process.memcg; !group->is_root(); group = group->parent)
    group->pressure.replace(now(), before, tasks);
}

void Kernel::send_signal(Process& process, int number) {
  if (process.life == Life::dying || process.life == Life::gone) return;
  if (number == SIGSTOP || number == SIGTSTP) {
    process.stopped = true;
    return;
  }
  if (number == SIGCONT) process.stopped = false;
  if (number == SIGTERM && process.ignores_sigterm) return;
  if (number == SIGKILL) {
    process.sigkill = true;
  } else if (is_deadly(number)) {
    process.signal = number;
    process.core = leaves_core(number);
  }
  // A task that waits in the kernel is woken by what kills it at once, and not by what makes it
  // write a core file first.
  const bool kills_at_once = number == SIGKILL || (is_deadly(number) && !leaves_core(number));
  if (!process.uninterruptible || kills_at_once) scheduler_.wake(*process.thread);
}

void Kernel::set_overcommit(OvercommitMode mode) {
  committed_.set_mode(mode, totalram());
  sysctls_.overcommit = mode;
}

Pages Kernel::commit_limit() const {
  return oomkit::commit_limit(overcommit_host());
}

OvercommitHost Kernel::overcommit_host() const {
  OvercommitHost host;
  host.mode = sysctls_.overcommit;
  host.ram = totalram();
  host.swap = machine_.swap().total;
  host.ratio = sysctls_.overcommit_ratio;
  host.overcommit = sysctls_.overcommit_kbytes;
  host.admin_reserve = machine_.admin_reserve();
  host.user_reserve = machine_.user_reserve();
  host.committed = committed_.read();
  return host;
}

Pages Kernel::mem_available() {
  AvailableTerms terms;
  terms.free = machine_.free();
  for (const auto& group : memcgs_.groups()) {
    for (int node = 0; node < static_cast<int>(machine_.nodes()); ++node) {
      terms.active_file += MemcgTree::own_listed(*group, node, ListKind::active_file);
      terms.inactive_file += MemcgTree::own_listed(*group, node, ListKind::inactive_file);
    }
  }
  terms.slab_reclaimable = slab_reclaimable_;
  terms.totalreserve = machine_.totalreserve();
  terms.low = machine_.low_sum();
  return oomkit::mem_available(terms);
}

std::int64_t Kernel::oom_score(const Process& process) const {
  BadnessContext context;
  context.totalpages = totalram() + machine_.swap().total;
  context = judged_by(profile_.version, context);
  const auto points = badness(task_of(process), context);
  const bool unkillable = !points || points->unkillable || process.is_vfork_child ||
                          process.mm == nullptr || process.oom_score_adj == -1000;
  return oomkit::oom_score(points ? points->points : 0, unkillable, context.rule,
                           context.totalpages);
}

const MemcgStats& Kernel::root_stats() {
  root_total_ = MemcgTree::total_of(memcgs_.root());
  return root_total_;
}

// memory_max_write(): reclaims, then kills until it fits.
Co<int> Kernel::set_max(Process& writer, Memcg& group, Pages pages) {
  group.memory.max = pages;
  int retries = 16;
  bool drained = false;
  while (group.memory.usage > pages) {
    if (!drained) {
      memcgs_.drain(group);
      drained = true;
      continue;
    }
    if (retries > 0) {
      Scan scan{.thread = writer.thread,
                .process = &writer,
                .top = &group,
                .target = group.memory.usage - pages};
      if (co_await try_to_free(scan) <= Pages(0)) --retries;
      continue;
    }
    raise_max_event(group, MemcgEvent::oom);
    if (!co_await memcg_out_of_memory(writer, group)) break;
    // Whom it killed has to be gone before it asks again.
    co_await scheduler_.pause_for(*writer.thread, SimTime(4'000'000));
  }
  wake_oom_waiters(group);
  co_return 0;
}

Co<int> Kernel::set_high(Process& writer, Memcg& group, Pages pages) {
  group.high = pages;
  for (int retries = 16; retries > 0 && group.memory.usage > pages;) {
    Scan scan{.thread = writer.thread,
              .process = &writer,
              .top = &group,
              .target = group.memory.usage - pages};
    if (co_await try_to_free(scan) <= Pages(0)) --retries;
  }
  co_return 0;
}

// mem_cgroup_resize_max(): EBUSY where reclaim gets nowhere; nobody is killed.
Co<int> Kernel::set_limit_v1(Process& writer, Memcg& group, Pages pages, bool memsw) {
  PageCounter& counter = memsw ? group.memsw : group.memory;
  if (memsw ? pages < group.memory.max : pages > group.memsw.max) co_return EINVAL;
  while (counter.usage > pages) {
    Scan scan{.thread = writer.thread,
              .process = &writer,
              .top = &group,
              .target = Pages(1),
              .may_swap = !memsw};
    if (co_await try_to_free(scan) <= Pages(0)) co_return EBUSY;
  }
  const bool enlarged = pages > counter.max;
  counter.max = pages;
  if (enlarged) wake_oom_waiters(group);
  co_return 0;
}

Co<int> Kernel::reclaim_proactively(Process& writer, Memcg& group, Pages pages) {
  Pages got;
  for (int retries = 16; retries > 0 && got < pages;) {
    Scan scan{.thread = writer.thread, .process = &writer, .top = &group, .target = pages - got};
    const Pages more = co_await try_to_free(scan);
    if (more <= Pages(0)) --retries;
    got += more;
  }
  co_return got < pages ? EAGAIN : 0;
}

// __oom_reap_task_mm() of mm/oom_kill.c, called for by process_mrelease() (5.15)
Co<int> Kernel::release_memory(Process& caller, Process& victim) {
  if (profile_.version < KernelVersion{5, 15}) co_return ENOSYS;
  const std::shared_ptr<Mm> mm = victim.mm;
  if (mm == nullptr) co_return ESRCH;
  if (!will_free_memory(victim)) co_return EINVAL;
  std::vector<Object*> objects;
  for (const Region& region : mm->regions) {
    if (region.object->users == 1 && !region.shared) objects.push_back(region.object);
  }
  co_await free_pages_of(*caller.thread, objects);
  co_return 0;
}

}  // namespace oomkit::sim
