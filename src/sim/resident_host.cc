#include "sim/resident_host.h"

#include <cerrno>

#include "sim/world.h"

namespace oomkit::sim {
namespace {

// From which version on a cgroup has that file; those that a resident does not write are for any.
KernelVersion version_with(std::string_view file) {
  if (file == "cgroup.freeze") return {5, 2};
  if (file == "cgroup.kill") return {5, 14};
  if (file == "memory.reclaim") return {5, 19};
  return {};
}

}  // namespace

ResidentHost::ResidentHost(World& world, const ResidentPlan& plan)
    : world_(world),
      plan_(plan),
      watch_(world.scheduler_, world.kernel_.host_pressure(), plan.some_us, plan.full_us,
             [this] { world_.scheduler_.wake(*process_->thread); }) {}

Kernel& ResidentHost::kernel() {
  return world_.kernel_;
}
HostTime ResidentHost::since_boot() const {
  return World::kBoot + world_.kernel_.now() + used_ + in_turns_;
}
HostTime ResidentHost::start_of(const Process& process) const {
  return World::kBoot + process.started;
}
char ResidentHost::state_of(const Process& process) const {
  return &process == process_ ? 'R' : world_.state_letter(process);
}
const Process& ResidentHost::init() const {
  return world_.init_;
}

// It is there before the scenario's first process, as the guard of a rehearsal's machine is.
void ResidentHost::start() {
  Kernel& kernel = world_.kernel_;
  process_ = &kernel.create_process(plan_.name, nullptr, 0);
  kernel.skip_pids(plan_.pids - 1);
  process_->oom_score_adj = -1000;
  process_->life = Life::alive;
  Mm& mm = *process_->mm;
  mm.base_anon = Pages(0);
  mm.base_shmem = plan_.program;
  mm.by_processor.begin(mm.counts());
  resident_ = plan_.make(*this);
  world_.scheduler_.start(*process_->thread, live());
}

// Memory that it has before anybody else begins: no time passes for it.
Co<void> ResidentHost::settle_in() {
  Kernel& kernel = world_.kernel_;
  Object& program = kernel.file("/" + plan_.name, true);
  if (plan_.program > Pages(0))
    co_await kernel.write_file(*process_, program, 0, plan_.program.count());
  if (kernel.map(*process_, plan_.memory, false, false) != 0) co_return;
  co_await kernel.lock(*process_, process_->mm->regions.back(), plan_.memory.count());
}

Co<void> ResidentHost::live() {
  Scheduler& scheduler = world_.scheduler_;
  Thread& thread = *process_->thread;
  scheduler.set_first(thread, true);
  scheduler.do_at_once(thread, settle_in());
  while (!world_.over_) {
    co_await scheduler.spend(thread, resident_->work_before_turn());
    resident_->turn();
    const SimTime used = std::exchange(used_, SimTime(0));
    if (used > SimTime(0)) co_await scheduler.spend(thread, used);
    if (const SimTime shared = std::exchange(in_turns_, SimTime(0)); shared > SimTime(0)) {
      scheduler.set_first(thread, false);
      co_await scheduler.spend(thread, shared);
      scheduler.set_first(thread, true);
    }
    const SimTime left = resident_->wake_at() - since_boot();
    if (left > SimTime(0)) co_await scheduler.pause_for(thread, left);
  }
}

void ResidentHost::exited(const Process& process) {
  if (resident_->waits_for(process)) world_.scheduler_.wake(*process_->thread);
}

const GroupPressure& ResidentHost::pressure_of(Memcg& group) {
  return world_.pressure_of(group);
}

int ResidentHost::write_file(Memcg& group, std::string_view file, std::string_view value) {
  const bool is_v1 = world_.kernel_.cgroup_version() == CgroupVersion::v1;
  if (is_v1 || group.is_root() || world_.profile_.version < version_with(file)) return ENOENT;
  int error = 0;
  const auto path = [](World& world, Process& writer, const Memcg& where, std::string_view what,
                       std::string_view text, int& result) -> Co<void> {
    result = co_await world.write_cgroup_file(writer, where.path, what, text);
  };
  used_ += world_.scheduler_.do_at_once(*process_->thread,
                                        path(world_, *process_, group, file, value, error));
  return error;
}

int ResidentHost::release_memory(Process& process) {
  int error = 0;
  const auto path = [](Kernel& kernel, Process& caller, Process& victim, int& result) -> Co<void> {
    result = co_await kernel.release_memory(caller, victim);
  };
  in_turns_ += world_.scheduler_.do_at_once(*process_->thread,
                                            path(world_.kernel_, *process_, process, error));
  return error;
}

void ResidentHost::press_sysrq_f() {
  used_ += world_.scheduler_.do_at_once(*process_->thread, world_.kernel_.manual_oom(*process_));
}

void ResidentHost::log(std::string line) {
  world_.logged(std::move(line));
}

void ResidentHost::decided(std::string record) {
  world_.result_.decisions.push_back({world_.elapsed_ms(), std::move(record)});
}

}  // namespace oomkit::sim
