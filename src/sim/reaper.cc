// The thread that takes the memory of a victim which does not get to its end. mm/oom_kill.c
//
// Two seconds after the kill (OOM_REAPER_DELAY: 5.18, and in the later releases of 5.10), so that a
// victim that gets a processor has gone by itself. What it maps for itself alone is had; what is
// shared is not.
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr SimTime kReaperDelay = 2s;  // OOM_REAPER_DELAY

}  // namespace

void Kernel::queue_oom_reaper(const Process& victim) {
  if (victim.mm == nullptr || victim.mm->reap_queued) return;
  victim.mm->reap_queued = true;
  scheduler_.at(now() + kReaperDelay, [this, dead = Reaped{victim.mm, victim.pid, victim.comm}] {
    if (dead.mm->oom_skip) return;
    to_reap_.push_back(dead);
    scheduler_.wake(*reaper_);
  });
}

// oom_reaper(), oom_reap_task_mm(): who came last is the first.
Co<void> Kernel::oom_reaper() {
  while (true) {
    if (to_reap_.empty()) {
      co_await scheduler_.wait(*reaper_);
      continue;
    }
    const Reaped dead = std::move(to_reap_.back());
    to_reap_.pop_back();
    if (dead.mm->oom_skip) continue;
    trace([&] { return "oom_reaper: takes the memory of " + dead.comm; });
    std::vector<Object*> objects;
    Pages shared;
    for (const Region& region : dead.mm->regions) {
      if (region.shared) shared += region.object->resident;
      if (region.object->users == 1 && !region.shared) objects.push_back(region.object);
    }
    if (dead.mm->written != nullptr) objects.push_back(dead.mm->written);
    co_await free_pages_of(*reaper_, objects);
    const KiB left = floor_kib(to_bytes(shared, PageSize::k4K));
    witness_.logged("oom_reaper: reaped process " + std::to_string(dead.pid) + " (" + dead.comm +
                    "), now anon-rss:0kB, file-rss:0kB, shmem-rss:" + std::to_string(left.count()) +
                    "kB");
    dead.mm->oom_skip = true;
  }
}

}  // namespace oomkit::sim
