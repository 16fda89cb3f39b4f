// How a process ends, and its memory comes back. kernel/exit.c, mm/mmap.c, mm/mmu_gather.c
#include <algorithm>
#include <csignal>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kPagesAtOnce = 512;  // Between two cond_resched() of unmapping.
constexpr Pages kGatherMax(9614);           // MAX_GATHER_BATCH_COUNT batches of mmu_gather.
constexpr Pages kEvictedAtOnce(32);         // PAGEVEC_SIZE, as it is nearly.
constexpr Pages kForgottenAtOnce(64);
constexpr SimTime kSystemCall = 1'500ns;

// What it takes to unmap a piece of a gather, or to free one. Of large ones in parts of a tick, so
// that turns of those who do it come to the same state again (turns.cc); it is known no better.
SimTime time_of_piece(SimTime each, Pages pages) {
  constexpr Pages kLarge(256);
  constexpr SimTime kPart = Scheduler::kTick / 200;
  const SimTime time = each * pages.count();
  return pages < kLarge ? time : (time + kPart / 2) / kPart * kPart;
}

// When each piece of a gather ends, from its begin.
std::vector<SimTime> ends_of_pieces(const KernelProfile& profile, Pages gather) {
  std::vector<SimTime> ends;
  SimTime end{0};
  const auto add = [&](SimTime each, Pages at_once) {
    for (Pages done(0); done < gather;) {
      const Pages part = std::min(at_once, gather - done);
      ends.push_back(end += time_of_piece(each, part));
      done += part;
    }
  };
  add(profile.costs.zap, Pages(kPagesAtOnce));
  add(profile.costs.free_page, profile.freed_at_once);
  return ends;
}

SimTime time_of_gathers(const KernelProfile& profile, Pages pages) {
  const std::int64_t whole = pages.count() / kGatherMax.count();
  const Pages rest(pages.count() % kGatherMax.count());
  SimTime time{0};
  if (whole > 0) time = ends_of_pieces(profile, kGatherMax).back() * whole;
  if (rest > Pages(0)) time += ends_of_pieces(profile, rest).back();
  return time;
}

}  // namespace

// A core file holds what the process held, and is charged to it.
Co<void> Kernel::dump_core(Process& process) {
  Pages size;
  for (const Region& region : process.mm->regions)
    size += region.object->resident;
  Object& core = file("/dev/core." + process.comm + "." + std::to_string(process.pid), true);
  co_await cache_pages(process, core, 0, size.count(), true);
}

// zap_page_range(), of what is not freed by that.
Co<void> Kernel::unmap_shared(Thread& thread, Pages pages) {
  while (pages > Pages(0)) {
    const Pages part = std::min(pages, Pages(kPagesAtOnce));
    co_await spend(thread, profile_.costs.zap_shared * part.count());
    pages -= part;
  }
}

// What is in swap is forgotten while the address space is unmapped. So many at a time, however they
// lie: what takes time may not depend on how pages are put together.
Co<void> Kernel::forget_swapped(Thread& thread, const std::vector<Object*>& objects) {
  const bool zram = machine_.swap().kind == SwapKind::zram;
  const SimTime each = zram ? profile_.costs.forget_compressed : profile_.costs.forget_swapped;
  Pages forgotten;
  for (Object* object : objects) {
    for (auto it = object->extents.begin(); object->swapped > Pages(0);) {
      if (it == object->extents.end()) it = object->extents.begin();
      Extent* extent = &it->second;
      ++it;
      if (!extent->swapped) continue;
      const Pages part = std::min(extent->count, kForgottenAtOnce - forgotten);
      if (extent->count > part) extent = &split(*extent, part);
      const std::int64_t first = extent->first;
      drop(*extent);
      forgotten += part;
      if (forgotten == kForgottenAtOnce)
        co_await spend(thread, each * std::exchange(forgotten, Pages(0)).count());
      it = object->extents.upper_bound(first);
    }
  }
  if (forgotten > Pages(0)) co_await spend(thread, each * forgotten.count());
}

// Whether somebody would be told of the first page that comes free.
bool Kernel::is_awaited() const {
  const auto& groups = memcgs_.groups();
  return std::any_of(groups.begin(), groups.end(),
                     [](const auto& group) { return group->under_oom > 0; });
}

// How many of the pages of an exit are free before anything else happens: whole gathers, or all
// that is left.
Pages Kernel::freed_undisturbed(const Thread& thread, Pages left) const {
  if (page_by_page_ || is_awaited()) return Pages(0);
  // The last of it is over before anybody's turn, and not at it.
  const SimTime time = scheduler_.undisturbed(thread) - SimTime(1);
  if (time_of_gathers(profile_, left) <= time) return left;
  return kGatherMax * (time / time_of_gathers(profile_, kGatherMax));
}

// Where a thread is in giving pages back: a gather is unmapped by pieces, then freed by others.
struct Kernel::Gather {
  std::size_t object = 0;  // Of those that are given back.
  Pages size, zapped, left;
};

// Of who gives back an address space that is large, one gather after the other.
class Kernel::Freeing : public Rhythm {
 public:
  Freeing(Kernel& kernel, const std::vector<Object*>& objects, Gather& gather)
      : Rhythm(ends_of_pieces(kernel.profile_, kGatherMax)),
        kernel_(&kernel),
        objects_(&objects),
        gather_(&gather) {}

  void plan() override {
    allow(0, 0);
    settled_ = Pages(0);
    for (const Object* object : *objects_) {
      if (object->swapped > Pages(0)) return;
    }
    // With two gathers to spare nobody comes to an end of what others free too.
    const Object& object = *(*objects_)[gather_->object];
    const Pages own = object.resident / object.givers - kGatherMax * 2;
    const auto step = step_begun();
    if (own < kGatherMax || !step || kernel_->is_awaited()) return;
    allow(*step, own.count() / kGatherMax.count());
    settled_ = freed();
  }

  void settle() override {
    if (!may_begin() && rounds() == 0) return;  // Nothing was planned.
    drop(freed() - settled_);
    const auto zaps = static_cast<std::int64_t>(zap_steps());
    const auto step = static_cast<std::int64_t>(next());
    gather_->size = gather_->zapped = kGatherMax;
    gather_->left = kGatherMax - freed_before(next());
    if (step == 0) gather_->left = Pages(0);
    if (step < zaps) gather_->zapped = Pages(kPagesAtOnce * step);
  }

 private:
  static std::size_t zap_steps() {
    return static_cast<std::size_t>((kGatherMax.count() + kPagesAtOnce - 1) / kPagesAtOnce);
  }
  // At once, as far as what a processor keeps does not hang on how it comes (Machine::give()): a
  // zone that is not short fills its lists, and gets the rest.
  void drop(Pages pages) {
    while (pages > Pages(0)) {
      const Extent& first = (*objects_)[gather_->object]->extents.begin()->second;
      const SimZone& zone = kernel_->machine_.zones()[first.zone];
      const bool is_short = zone.free < zone.levels.high;
      const Pages at_once = is_short ? kernel_->profile_.freed_at_once : first.count;
      const Pages part = std::min(at_once, pages);
      kernel_->drop_first(*objects_, part);
      pages -= part;
    }
  }
  // Pages of a gather that are free, or nearly, when that step begins.
  Pages freed_before(std::size_t step) const {
    if (step <= zap_steps()) return Pages(0);
    const Pages at_once = kernel_->profile_.freed_at_once;
    return at_once * static_cast<std::int64_t>(step - zap_steps());
  }
  Pages freed() const { return kGatherMax * rounds() + freed_before(next()); }
  // Which step is next; none where a gather is not as large as all are.
  std::optional<std::size_t> step_begun() const {
    if (gather_->left <= Pages(0)) return 0;
    if (gather_->size != kGatherMax) return std::nullopt;
    const Pages freed = kGatherMax - gather_->left;
    if (freed <= Pages(0))
      return static_cast<std::size_t>((gather_->zapped.count() + kPagesAtOnce - 1) / kPagesAtOnce);
    const Pages at_once = kernel_->profile_.freed_at_once;
    if (freed.count() % at_once.count() != 0) return std::nullopt;
    return zap_steps() + static_cast<std::size_t>(freed.count() / at_once.count());
  }

  Kernel* kernel_;
  const std::vector<Object*>* objects_;
  Gather* gather_;
  Pages settled_;  // Of freed(), when turns began.
};

// exit_mmap(): the pages of an address space come back in batches, which is when their charges
// end.
Co<void> Kernel::free_pages_of(Thread& thread, const std::vector<Object*>& objects) {
  Gather gather;
  Freeing freeing(*this, objects, gather);
  Rhythm* const rhythm = page_by_page_ ? nullptr : &freeing;
  for (Object* object : objects)
    ++object->givers;
  Pages freed;  // Since others could run.
  std::size_t& index = gather.object;
  const auto left = [&] {
    Pages sum;
    for (std::size_t i = index; i < objects.size(); ++i)
      sum += objects[i]->resident;
    return sum;
  };
  while (index < objects.size()) {
    // Also what others swapped out while it waited for the processor.
    if (gather.left <= Pages(0)) co_await forget_swapped(thread, objects);
    Object& object = *objects[index];
    const bool zaps = gather.zapped < gather.size;
    if (!zaps && object.extents.empty()) {
      ++index;
      continue;
    }
    if (gather.left <= Pages(0)) {
      if (const Pages at_once = freed_undisturbed(thread, left()); at_once > Pages(0)) {
        drop_first(objects, at_once);
        co_await spend(thread, time_of_gathers(profile_, at_once));
        continue;
      }
      const Pages size = std::min(left(), kGatherMax);
      gather = {.object = index, .size = size, .zapped = Pages(0), .left = size};
    }
    if (gather.zapped < gather.size) {
      const Pages part = std::min(Pages(kPagesAtOnce), gather.size - gather.zapped);
      gather.zapped += part;
      co_await scheduler_.spend(thread, time_of_piece(profile_.costs.zap, part), rhythm);
      // Where turns were taken meanwhile, it may be anywhere in a gather.
      if (gather.zapped < gather.size || gather.left < gather.size) continue;
    }
    if (object.resident <= Pages(0)) {
      // Others have swapped out the rest of it. What was given back is paid for before what is
      // next.
      gather.left = Pages(0);
      if (freed > Pages(0)) co_await spend(thread, time_of_piece(profile_.costs.free_page, freed));
      freed = Pages(0);
      continue;
    }
    auto next = object.extents.begin();
    while (next->second.swapped)
      ++next;
    Extent* extent = &next->second;
    const Pages part = std::min({extent->count, profile_.freed_at_once - freed, gather.left});
    if (extent->count > part) extent = &split(*extent, part);
    drop(*extent);
    gather.left -= part;
    freed += part;
    if (freed < profile_.freed_at_once && gather.left > Pages(0)) continue;
    const Pages piece = std::exchange(freed, Pages(0));
    co_await scheduler_.spend(thread, time_of_piece(profile_.costs.free_page, piece), rhythm);
  }
  if (freed > Pages(0)) co_await spend(thread, time_of_piece(profile_.costs.free_page, freed));
  for (Object* object : objects)
    --object->givers;
}

// shmem_evict_inode(): few pages at a time, each out of the file's index.
Co<void> Kernel::evict(Process& process, Object& object) {
  Pages freed;
  while (!object.extents.empty()) {
    Extent* extent = &object.extents.begin()->second;
    const bool resides = !extent->swapped;
    const Pages part = std::min(extent->count, kEvictedAtOnce - freed);
    if (extent->count > part) extent = &split(*extent, part);
    drop(*extent);
    if (resides) freed += part;
    if (freed < kEvictedAtOnce && !object.extents.empty()) continue;
    const std::int64_t count = std::exchange(freed, Pages(0)).count();
    co_await spend(*process.thread, profile_.costs.free_cached * count);
  }
}

// do_exit()
Co<void> Kernel::exit(Process& process) {
  process.life = Life::dying;
  process.uninterruptible = false;
  co_await spend(*process.thread, kSystemCall);
  std::shared_ptr<Mm> mm = process.mm;
  if (mm != nullptr) mm->by_thread.add_up();
  if (mm != nullptr && --mm->users == 0) {
    std::vector<Object*> objects;
    Pages shared;
    for (const Region& region : mm->regions) {
      if (region.object->users == 1 && !region.shared) objects.push_back(region.object);
      if (region.shared) shared += region.object->resident;
    }
    // unmap_vmas() leaves out no mapping that is shared. Up to 5.19 the private memory of a victim
    // has gone before that (exit_mmap(), __oom_reap_task_mm()).
    const bool reaps_first = profile_.version < KernelVersion{6, 0};
    if (!reaps_first) co_await unmap_shared(*process.thread, shared);
    if (mm->written != nullptr) objects.push_back(mm->written);
    co_await free_pages_of(*process.thread, objects);
    if (reaps_first && shared > Pages(0)) {
      mm->oom_skip = true;
      co_await unmap_shared(*process.thread, shared);
    }
    machine_.give(machine_.zones().size() - 1, mm->tables);
    page_tables_ -= mm->tables;
    const Pages charged = mm->table_charge;
    count_charge(*process.memcg, charged, &MemcgStats::page_tables, -1);
    for (Memcg* each = process.memcg; !each->is_root(); each = each->parent)
      each->kmem.usage -= charged;
    if (charged > Pages(0)) uncharge(*process.memcg, charged);
    committed_.subtract(mm->committed);
    mm->oom_skip = true;
    process.mm.reset();
    // exit_task_work(), in which files are let go: nobody waits for this memory any more.
    for (const Region& region : mm->regions) {
      if (region.shared && region.object->users == 1) co_await evict(process, *region.object);
      --region.object->users;
    }
  }
  process.mm.reset();
  if (process.sock > Pages(0)) {
    count_charge(*process.memcg, process.sock, &MemcgStats::sock, -1);
    uncharge(*process.memcg, process.sock);
    for (SimZone& zone : machine_.zones()) {
      if (&zone == &machine_.zones().back()) zone.free += process.sock;
    }
    process.sock = Pages(0);
  }
  if (process.parent != nullptr && !process.parent->memcg->is_root()) {
    count_charge(*process.memcg, kKernelStack, &MemcgStats::kernel_stack, -1);
    for (Memcg* each = process.memcg; !each->is_root(); each = each->parent)
      each->kmem.usage -= kKernelStack;
    uncharge(*process.memcg, kKernelStack);
  }
  machine_.give(machine_.zones().size() - 1, kKernelStack);
  kernel_stack_ -= kKernelStack;
  std::erase(process.memcg->members, &process);
  std::erase(processes_, &process);
  process.life = Life::gone;
  process.stalls = false;
  if (process.sigkill) {
    process.exit_signal = SIGKILL;
  } else if (process.signal) {
    process.exit_signal = *process.signal;
  }
  if (process.is_vfork_child && process.parent != nullptr) scheduler_.wake(*process.parent->thread);
  witness_.exited(process);
}

}  // namespace oomkit::sim
