// Charges of memory to cgroups, and what happens at a limit. mm/memcontrol.c
#include <algorithm>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kMaxReclaimRetries = 16;  // MAX_RECLAIM_RETRIES
constexpr SimTime kTry = 400ns;

}  // namespace

bool Kernel::has_memsw() const {
  return cgroup_ == CgroupVersion::v1;
}

void Kernel::count_charge(Memcg& group, Pages pages, Pages MemcgStats::*what, int sign) {
  group.own.*what += pages * sign;
}

void Kernel::uncharge(Memcg& group, Pages pages) {
  memcgs_.uncharge(group, pages, has_memsw());
  wake_oom_waiters(group);
}

// memcg_memory_event(): up the tree, and whoever waits for the file is told.
void Kernel::raise_max_event(Memcg& group, MemcgEvent event) {
  const auto index = static_cast<std::size_t>(event);
  ++group.events_local[index];
  for (Memcg* each = &group; !each->is_root(); each = each->parent) {
    ++each->events[index];
    witness_.notified(*each, "memory.events");
  }
}

// memcg_oom_recover(): tasks that sleep below a group with room again, or above it.
void Kernel::wake_oom_waiters(const Memcg& group) {
  for (const auto& each : memcgs_.groups()) {
    if (each->under_oom == 0 || !(group.is_within(*each) || each->is_within(group))) continue;
    for (Process* process : each->waiting)
      scheduler_.wake(*process->thread);
  }
}

// try_charge() for one page, when the way without waiting has failed as `charge` says.
Co<bool> Kernel::charge_slowly(Process& process, Memcg& group, MemcgTree::Charge charge,
                               bool user_fault) {
  scheduler_.stay_in_kernel(*process.thread, true);
  const bool charged = co_await try_charge(process, group, charge, user_fault);
  scheduler_.stay_in_kernel(*process.thread, false);
  co_return charged;
}

Co<bool> Kernel::try_charge(Process& process, Memcg& group, MemcgTree::Charge charge,
                            bool user_fault) {
  int retries = kMaxReclaimRetries;
  bool drained = false;
  bool passed_oom = false;
  for (;; charge = memcgs_.try_charge_one(group, has_memsw())) {
    if (charge.failed == nullptr) {
      process.over_high += charge.over_high;
      co_return true;
    }
    Memcg& over = *charge.failed;
    raise_max_event(over, MemcgEvent::max);
    co_await spend(*process.thread, kTry);
    trace([&] { return "try_charge: " + over.path + " is at its limit"; });
    Scan scan{.thread = process.thread,
              .process = &process,
              .top = &over,
              .target = Pages(1),
              .may_swap = !charge.failed_memsw};
    begin_stall(process);
    const Pages reclaimed = co_await try_to_free(scan);
    end_stall(process);
    if (MemcgTree::margin(over, has_memsw()) >= Pages(1)) continue;
    if (!drained) {
      memcgs_.drain(over);
      drained = true;
      continue;
    }
    if (reclaimed > Pages(0)) continue;
    if (retries-- > 0) continue;
    if (passed_oom && process.is_dying()) co_return false;
    const OomOutcome outcome = co_await memcg_oom(process, over, user_fault);
    if (outcome == OomOutcome::success) {
      passed_oom = true;
      retries = kMaxReclaimRetries;
      continue;
    }
    if (outcome == OomOutcome::async) co_await oom_synchronize(process, over);
    co_return false;
  }
}

// mem_cgroup_oom()
Co<Kernel::OomOutcome> Kernel::memcg_oom(Process& process, Memcg& group, bool user_fault) {
  raise_max_event(group, MemcgEvent::oom);
  if (group.oom_kill_disable) co_return user_fault ? OomOutcome::async : OomOutcome::skipped;
  if (cgroup_ == CgroupVersion::v1 && !group.oom_lock)
    witness_.notified(group, "memory.oom_control");
  const bool done = co_await memcg_out_of_memory(process, group);
  co_return done ? OomOutcome::success : OomOutcome::failed;
}

// mem_cgroup_out_of_memory(): one at a time under oom_lock. Whoever waits for it sleeps, and then
// looks first whether there is room by now.
Co<bool> Kernel::memcg_out_of_memory(Process& process, Memcg& group) {
  while (oom_lock_) {
    if (process.is_dying()) co_return true;
    oom_lock_waiting_.push_back(process.thread);
    co_await scheduler_.wait(*process.thread);
    std::erase(oom_lock_waiting_, process.thread);
  }
  if (MemcgTree::margin(group, has_memsw()) >= Pages(1)) {
    wake_oom_lock_waiter();
    co_return true;
  }
  OomRequest request;
  request.memcg = &group;
  oom_lock_ = true;
  const bool done = co_await out_of_memory(process, request);
  release_oom_lock();
  co_return done;
}

void Kernel::release_oom_lock() {
  oom_lock_ = false;
  wake_oom_lock_waiter();
}

void Kernel::wake_oom_lock_waiter() {
  if (!oom_lock_waiting_.empty()) scheduler_.wake(*oom_lock_waiting_.front());
}

// mem_cgroup_oom_synchronize(): sleeps until there is room, or it is killed.
Co<void> Kernel::oom_synchronize(Process& process, Memcg& group) {
  for (Memcg* each : MemcgTree::subtree(group))
    ++each->under_oom;
  group.waiting.push_back(&process);
  process.waits_in_oom = &group;
  process.uninterruptible = true;
  trace([&] { return "mem_cgroup_oom_synchronize: " + process.comm + " sleeps"; });
  const bool first = !group.oom_lock;
  if (first) {
    group.oom_lock = true;
    witness_.notified(group, "memory.oom_control");
  }
  co_await scheduler_.wait(*process.thread);
  if (first) group.oom_lock = false;
  std::erase(group.waiting, &process);
  process.waits_in_oom = nullptr;
  process.uninterruptible = false;
  for (Memcg* each : MemcgTree::subtree(group))
    --each->under_oom;
}

// Page tables, stacks and the like: counted beside memory in v1.
Co<bool> Kernel::charge_kernel(Process& process, Memcg& group, Pages pages,
                               Pages MemcgStats::*what) {
  for (Pages done(0); done < pages;) {
    const MemcgTree::Charge charge = memcgs_.try_charge(group, pages - done, has_memsw());
    process.over_high += charge.over_high;
    done += charge.pages;
    if (done == pages) break;
    if (charge.pages > Pages(0)) continue;
    if (!co_await charge_slowly(process, group, charge, false)) {
      uncharge(group, done);
      co_return false;
    }
    done += Pages(1);
  }
  for (Memcg* each = &group; !each->is_root(); each = each->parent)
    each->kmem.add(pages);
  if (what != nullptr) count_charge(group, pages, what, 1);
  co_return true;
}

// mem_cgroup_handle_over_high(): the further above memory.high, the longer the sleep.
Co<void> Kernel::throttle_high(Process& process) {
  constexpr std::int64_t kHz = 250;
  constexpr int kPrecision = 20;  // MEMCG_DELAY_PRECISION_SHIFT
  constexpr int kScaling = 14;    // MEMCG_DELAY_SCALING_SHIFT
  constexpr std::int64_t kMaxDelay = 2 * kHz;
  const Pages pages = std::exchange(process.over_high, Pages(0));
  int retries = kMaxReclaimRetries;
  bool first = true;
  while (true) {
    Pages reclaimed;
    for (Memcg* group = process.memcg; !group->is_root(); group = group->parent) {
      if (group->memory.usage <= group->high) continue;
      raise_max_event(*group, MemcgEvent::high);
      Scan scan{.thread = process.thread,
                .process = &process,
                .top = group,
                .target = first ? pages : Pages(32)};
      begin_stall(process);
      reclaimed += co_await try_to_free(scan);
      end_stall(process);
    }
    first = false;
    std::int64_t overage = 0;
    for (Memcg* group = process.memcg; !group->is_root(); group = group->parent) {
      if (group->memory.usage <= group->high) continue;
      const std::int64_t high = std::max<std::int64_t>(group->high.count(), 1);
      overage =
          std::max(overage, ((group->memory.usage - group->high).count() << kPrecision) / high);
    }
    if (overage == 0) co_return;
    std::int64_t delay = (overage * overage * kHz) >> kPrecision >> kScaling;
    delay = delay * pages.count() / profile_.charge_batch.count();
    delay = std::min(delay, kMaxDelay);
    if (delay <= kHz / 100) co_return;
    if (reclaimed > Pages(0) || retries-- > 0) continue;
    begin_stall(process);
    process.uninterruptible = true;
    if (!process.is_dying() && !process.signal)
      co_await scheduler_.pause_for(*process.thread, SimTime(delay * (1'000'000'000 / kHz)));
    process.uninterruptible = false;
    end_stall(process);
    co_return;
  }
}

}  // namespace oomkit::sim
