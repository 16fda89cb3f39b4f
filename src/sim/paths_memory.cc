// What a process does with its memory: mapping, faults, fork. mm/memory.c, mm/mmap.c, kernel/fork.c
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr std::int64_t kPagesOfTable = 512;
// Where in its first table the memory of a process begins.
constexpr std::int64_t kFirstTableUsed = 384;
constexpr std::int64_t kSwapCluster = 8;  // 1 << page_cluster
// fault_dirty_shared_page() lets go of the lock, and up to 5.19 the fault is tried again then
// (VM_FAULT_COMPLETED).
constexpr KernelVersion kFaultsComplete{6, 0};

// Whether its oom_score_adj is written with more than one digit.
std::int64_t writes_digits(const Process& process) {
  return process.oom_score_adj < 0 || process.oom_score_adj > 9 ? 1 : 0;
}

// Pages that were not there.
void count_faults(Mm& mm, bool shared, std::int64_t pages, KernelVersion version) {
  RssCounts each;
  (shared ? each.shmem : each.anon) = Pages(1);
  mm.by_thread.fault(each, pages, shared && version < kFaultsComplete ? 2 : 1);
}

// Of a forked child, until its first step.
void begin_child(Mm& mm) {
  mm.base_shmem = kChildShmem;
  mm.by_thread = {};
  mm.by_thread.calls(kChildCalls - 1);
  mm.by_thread.fault({.file = mm.base_file, .shmem = kChildShmem - kForkShmem}, 1);
  mm.by_processor.begin({.anon = mm.anon(), .shmem = kChildShmem});
}

}  // namespace

void Kernel::follow_counts(Mm& mm) const {
  if (profile_.counter_batch > 0) mm.by_processor.follow(mm.counts(), profile_.counter_batch);
}

std::int64_t Kernel::pages_at_once(const Thread& thread, SimTime each) const {
  if (page_by_page_) return 1;
  const SimTime free_of_events = scheduler_.undisturbed(thread);
  return std::max<std::int64_t>(1, (free_of_events.count() + each.count() - 1) / each.count());
}

void Kernel::begin_stall(Process& process) {
  process.stalls = true;
  update_pressure(process);
}
void Kernel::end_stall(Process& process) {
  process.stalls = false;
  update_pressure(process);
}

// io_schedule_timeout()
Co<void> Kernel::wait_for_disk(Process& process, SimTime time) {
  process.uninterruptible = process.waits_for_disk = true;
  co_await scheduler_.pause_for(*process.thread, time);
  process.uninterruptible = process.waits_for_disk = false;
}

int Kernel::map(Process& process, Pages size, bool shared, bool huge) {
  Mm& mm = *process.mm;
  OvercommitRequest request;
  request.pages = size;
  request.total_vm = mm.total_vm;
  request.cap_sys_admin = process.uid == 0;
  // What is asked for is counted first, and with it, if it is a batch, what was kept back.
  committed_.add(size);
  OvercommitHost host = overcommit_host();
  host.committed = committed_.read() - size;
  const auto verdict = overcommit(host, request, profile_.version);
  if (verdict && !verdict->granted) {
    committed_.subtract(size);
    return ENOMEM;
  }
  objects_.push_back(std::make_unique<Object>());
  Object& object = *objects_.back();
  object.kind = shared ? Object::Kind::shmem : Object::Kind::anon;
  object.users = 1;
  // Where there is zram a process of a scenario fills its memory with what has no pattern.
  const SimSwap& swap = machine_.swap();
  object.dense = swap.kind == SwapKind::zram && swap.total > Pages(0) && !is_found();
  mm.regions.push_back({&object, size, Pages(0), shared, huge});
  mm.total_vm += size;
  mm.committed += size;
  return 0;
}

Co<void> Kernel::unmap(Process& process, Pages size) {
  Mm& mm = *process.mm;
  while (size > Pages(0) && !mm.regions.empty()) {
    Region& region = mm.regions.back();
    const Pages part = std::min(size, region.size);
    Object& object = *region.object;
    if (object.users > 1 && !region.shared && part < region.size) {
      beyond_model_ = "a part of memory that a fork shares is freed";
      co_return;
    }
    std::int64_t end = region.size.count();
    const std::int64_t from = end - part.count();
    const Costs& costs = profile_.costs;
    const SimTime each =
        region.shared ? costs.zap_shared + costs.free_cached : costs.zap + costs.free_page;
    while (object.users == 1 && end > from) {
      const std::int64_t count = std::min(end - from, pages_at_once(*process.thread, each));
      drop_range(object, end - count, count);
      end -= count;
      co_await spend(*process.thread, each * count);
    }
    mm.by_thread.add_up();
    follow_counts(mm);
    region.size -= part;
    region.touched = std::min(region.touched, region.size);
    mm.total_vm -= part;
    mm.committed -= part;
    committed_.subtract(part);
    size -= part;
    if (region.size > Pages(0)) continue;
    release_object(object);
    mm.regions.pop_back();
  }
}

Co<bool> Kernel::return_to_user(Process& process) {
  if (process.over_high > Pages(0)) co_await throttle_high(process);
  const auto has_to_stop = [&] {
    for (const Memcg* group = process.memcg; group != nullptr; group = group->parent) {
      if (group->frozen) return true;
    }
    return process.stopped;
  };
  while (!process.sigkill && has_to_stop())
    co_await scheduler_.wait(*process.thread);
  co_return !process.sigkill && !process.signal && !halted_;
}

// Page tables are for 2 MiB each; one more is needed where the memory grows into new ones.
Co<bool> Kernel::take_tables(Process& process, Pages pages) {
  if (pages <= Pages(0)) co_return true;
  if (!co_await charge_kernel(process, *process.memcg, pages, &MemcgStats::page_tables))
    co_return false;
  for (Pages done(0); done < pages;) {
    const Machine::Taken taken = co_await alloc_pages(process, pages - done);
    if (taken.pages <= Pages(0)) {
      uncharge(*process.memcg, pages - done);
      count_charge(*process.memcg, pages - done, &MemcgStats::page_tables, -1);
      process.mm->tables += done;
      process.mm->table_charge += done;
      page_tables_ += done;
      co_return false;
    }
    done += taken.pages;
  }
  process.mm->tables += pages;
  process.mm->table_charge += pages;
  page_tables_ += pages;
  co_return true;
}

// How many pages come from one zone and within every limit, without anything happening.
Pages Kernel::plenty_for(Process& process) {
  if (process.interleave) return Pages(0);
  const Pages charges = memcgs_.charges_at_hand(*process.memcg, has_memsw());
  const Pages zone = machine_.at_hand(placement_of(process), Mark::low);
  return std::max(std::min(charges - profile_.charge_batch, zone - Pages(1)), Pages(0));
}

// do_anonymous_page() and shmem_fault(), for as many pages as nothing comes between.
Co<bool> Kernel::fault_in(Process& process, Region& region, std::int64_t first, std::int64_t count,
                          std::int64_t& done) {
  done = 0;
  Mm& mm = *process.mm;
  const std::int64_t in_table = (mm.spread.count() + kFirstTableUsed) % kPagesOfTable;
  const SimTime begun = now();
  if (in_table == 0 && !co_await take_tables(process, Pages(1))) co_return false;
  // Who had to wait for that looks again before the next page whether he still has his stack.
  if (now() != begun) count = 1;
  const Costs& costs = profile_.costs;
  const SimTime each = (region.shared ? costs.shared_fault : costs.fault) +
                       (region.object->dense ? costs.dense : SimTime(0)) -
                       (process.memcg->is_root() ? costs.charge : SimTime(0));
  count = std::min(count, pages_at_once(*process.thread, each));
  // Where nothing can be short, tables that are needed on the way are had at once.
  const std::int64_t plenty = plenty_for(process).count();
  const auto more_tables = [&] { return (in_table + count - 1) / kPagesOfTable; };
  if (count + more_tables() > plenty)
    count =
        std::min(count, std::max(plenty - plenty / kPagesOfTable - 2, kPagesOfTable - in_table));
  if (count + more_tables() <= plenty) {
    if (!co_await take_tables(process, Pages(more_tables()))) co_return false;
  } else {
    count = std::min(count, kPagesOfTable - in_table);
  }
  const Pages wanted = std::min(Pages(count), memcgs_.charges_at_hand(*process.memcg, has_memsw()));
  const Machine::Taken taken = co_await alloc_pages(process, wanted);
  if (taken.pages <= Pages(0)) co_return false;
  Pages charged(0);
  const MemcgTree::Charge charge = memcgs_.try_charge(*process.memcg, taken.pages, has_memsw());
  process.over_high += charge.over_high;
  charged = charge.pages;
  if (charged < taken.pages && charged > Pages(0)) machine_.give(taken.zone, taken.pages - charged);
  if (charged <= Pages(0)) {
    if (taken.pages > Pages(1)) machine_.give(taken.zone, taken.pages - Pages(1));
    if (!co_await charge_slowly(process, *process.memcg, charge, true)) {
      machine_.give(taken.zone, Pages(1));
      mm.by_thread.calls(1);  // It is tried again.
      co_return false;
    }
    charged = Pages(1);
  }
  follow_counts(mm);
  add_extent(*region.object, first, charged, taken.zone, *process.memcg, {.mapped = true});
  mm.spread += charged;
  follow_counts(mm);
  count_faults(mm, region.shared, charged.count(), profile_.version);
  process.memcg->own.pgfault += charged.count();
  vmstat_.pgfault += charged.count();
  done = charged.count();
  co_await spend(*process.thread, each * done);
  co_return true;
}

// What a page that comes back from swap changes.
RssCounts Kernel::refault_counts(const Object& object) {
  if (object.kind == Object::Kind::shmem) return {.shmem = Pages(1)};
  return {.anon = Pages(1), .swapped = Pages(-1)};
}

// do_swap_page(): a cluster at a time from a disk.
Co<bool> Kernel::swap_in(Process& process, Extent& extent, Pages count) {
  if (extent.is_in_memory()) co_return co_await map_again(process, extent, count);
  const bool zram = machine_.swap().kind == SwapKind::zram;
  follow_counts(*process.mm);
  const std::int64_t at_most = zram ? 1 : kSwapCluster;
  Object& object = *extent.object;
  const std::int64_t first = extent.first;
  Memcg& group = *extent.memcg;
  // As far as its neighbours are in swap, and the same group's.
  Pages cluster;
  while (cluster < std::min(count, Pages(at_most))) {
    const Extent* next = object.at(first + cluster.count());
    if (next == nullptr || next->is_in_memory() || next->memcg != &group) break;
    cluster += Pages(1);
  }
  SwapPlug plug(profile_.version);
  if (cluster > Pages(1)) process.plug = &plug;
  const std::optional<bool> thrashes =
      co_await read_cluster(process, object, group, first, cluster);
  process.plug = nullptr;
  send_writes(plug);
  if (!thrashes) co_return false;
  follow_counts(*process.mm);
  if (!zram) process.mm->by_thread.calls(1);  // It has waited for the page, and is tried again.
  process.mm->by_thread.fault(refault_counts(object), cluster.count());
  // folio_wait_bit_common(), swap_read_folio()
  if (*thrashes) begin_stall(process);
  if (zram) {
    co_await spend(*process.thread, profile_.costs.decompress * cluster.count());
  } else {
    co_await spend(*process.thread, profile_.costs.read_cluster);
    co_await wait_for_disk(process, profile_.costs.disk);
  }
  end_stall(process);
  co_return true;
}

// swap_cluster_readahead(): memory and charges for the cluster, page by page. Nothing: there are
// none. True: what was active went and comes back soon, which makes waiting for it a stall.
Co<std::optional<bool>> Kernel::read_cluster(Process& process, Object& object, Memcg& group,
                                             std::int64_t first, Pages count) {
  bool thrashes = false;
  for (Pages done(0); done < count;) {
    const Machine::Taken taken = co_await alloc_pages(process, Pages(1));
    if (taken.pages <= Pages(0)) co_return std::nullopt;
    // The swap entry is charged already in v1's memsw; memory itself is charged anew.
    const MemcgTree::Charge charge = memcgs_.try_charge(group, Pages(1), has_memsw());
    process.over_high += charge.over_high;
    if (charge.pages <= Pages(0) && !co_await charge_slowly(process, group, charge, true)) {
      machine_.give(taken.zone, Pages(1));
      co_return std::nullopt;
    }
    Extent* here = object.at(first + done.count());
    if (here == nullptr || !here->swapped) {
      // Somebody else brought it in, or it is gone.
      uncharge(group, Pages(1));
      machine_.give(taken.zone, Pages(1));
      done += Pages(1);
      continue;
    }
    if (here->first < first + done.count()) {
      split(*here, Pages(first + done.count() - here->first));
      here = object.at(first + done.count());
    }
    if (here->count > Pages(1)) split(*here, Pages(1));
    Fresh fresh = refault(*here, taken.zone);
    thrashes =
        thrashes || (profile_.generations ? fresh.workingset : fresh.active && here->workingset);
    fresh.mapped = object.name.empty();  // A file is read and written, and mapped by nobody.
    drop(*here);
    add_extent(object, first + done.count(), Pages(1), taken.zone, group, fresh);
    done += Pages(1);
    if (process.plug != nullptr) process.plug->begin_with_read();
  }
  const std::int64_t pages = count.count();
  vmstat_.pswpin += pages;
  group.own.pswpin += pages;
  ++vmstat_.pgmajfault;
  ++group.own.pgmajfault;
  vmstat_.refault_anon += pages;
  group.own.refault_anon += pages;
  co_return thrashes;
}

// Pages that are in memory become young, from `page` on: of one run, or as far as they are young
// already, where nothing changes by it, however many runs they are in. How many, up to `most`.
std::int64_t Kernel::retouch(Object& object, std::int64_t page, std::int64_t most) {
  Extent* extent = object.at(page);
  const auto until = [&](const Extent& its) {
    return std::min(its.first + its.count.count() - page, most);
  };
  std::int64_t there = until(*extent);
  if (!extent->young) {
    if (extent->first < page) {
      split(*extent, Pages(page - extent->first));
      extent = object.at(page);
    }
    if (extent->count > Pages(there)) split(*extent, Pages(there));
    extent->young = true;
    join(*extent);
    return there;
  }
  while (there < most) {
    const Extent* next = object.at(page + there);
    if (next == nullptr || next->swapped || !next->young) break;
    there = until(*next);
  }
  if (page != object.young_end) object.young_first = page;
  object.young_end = page + there;
  return there;
}

Co<bool> Kernel::touch(Process& process, Region& region, std::int64_t first, std::int64_t count) {
  Object& object = *region.object;
  std::int64_t page = first;
  const std::int64_t end = first + count;
  while (page < end) {
    if (!co_await return_to_user(process)) co_return false;
    // Whoever runs has his stack in memory.
    if (Object* written = process.mm->written;
        written != nullptr && written != &object && written->swapped > Pages(0)) {
      for (auto& [first_page, own] : written->extents) {
        static_cast<void>(first_page);
        if (!own.swapped) continue;
        co_await swap_in(process, own, written->swapped);
        break;
      }
      continue;
    }
    if (object.users > 1 && !region.shared) {
      beyond_model_ = "memory that a fork shares is written to";
      co_return false;
    }
    const std::int64_t at_once =
        std::min(end - page, pages_at_once(*process.thread, profile_.costs.retouch));
    if (page >= object.young_first && page + at_once <= object.young_end) {
      use_tables(object, page, at_once);
      page += at_once;
      co_await spend(*process.thread, profile_.costs.retouch * at_once);
      continue;
    }
    Extent* extent = object.at(page);
    if (extent == nullptr) {
      std::int64_t done = 0;
      co_await fault_in(process, region, page, object.next_existing(page, end) - page, done);
      page += done;
      region.touched = std::max(region.touched, Pages(page));
      process.held_bytes += done * 4096;
      continue;
    }
    if (extent->swapped) {
      if (extent->first < page) {
        split(*extent, Pages(page - extent->first));
        extent = object.at(page);
      }
      co_await swap_in(process, *extent, Pages(end - page));
      continue;
    }
    const std::int64_t there = retouch(object, page, at_once);
    use_tables(object, page, there);
    page += there;
    co_await spend(*process.thread, profile_.costs.retouch * there);
  }
  co_return co_await return_to_user(process);
}

// mlock(): what is not there is faulted in, and all of it leaves the lists that reclaim looks at.
Co<bool> Kernel::lock(Process& process, Region& region, std::int64_t count) {
  if (!co_await touch(process, region, 0, count)) co_return false;
  Object& object = *region.object;
  for (std::int64_t page = 0; page < count;) {
    Extent* extent = object.at(page);
    if (extent->count.count() + extent->first > count)
      extent = &split(*extent, Pages(count - extent->first));
    if (extent->list != ListKind::unevictable) {
      list_out(*extent);
      extent = &list_in(*extent, ListKind::unevictable);
    }
    page = extent->first + extent->count.count();
  }
  process.mm->locked += Pages(count);
  co_return true;
}

Co<bool> Kernel::spread_tables(Process& process, Pages tables) {
  Mm& mm = *process.mm;
  mm.total_vm += tables * kPagesOfTable;
  // Each thousand-and-some of them is itself pointed to by one.
  const Pages all = tables + tables / kPagesOfTable;
  for (Pages done(0); done < all;) {
    if (!co_await return_to_user(process)) co_return false;
    const std::int64_t n =
        std::min((all - done).count(), pages_at_once(*process.thread, profile_.costs.fault));
    // One at a time where there is no room for all.
    const bool roomy = MemcgTree::margin(*process.memcg, has_memsw()) > Pages(n) + Pages(64);
    const Pages now_taken(roomy ? n : 1);
    if (!co_await take_tables(process, now_taken)) continue;
    done += now_taken;
    mm.by_thread.calls(now_taken.count());
    co_await spend(*process.thread, profile_.costs.fault * now_taken.count());
  }
  co_return co_await return_to_user(process);
}

// Of PID 1 it has a copy, and what it needed of the program until it waits for the scenario's
// begin.
void Kernel::begin_program(Process& process, bool joins) {
  if (process.mm == nullptr) return;
  Mm& mm = *process.mm;
  const auto has_joined = static_cast<std::int64_t>(joins);
  const std::int64_t has_digits = writes_digits(process);
  const Pages mapped = kStartShmem + kJoinShmem * has_joined + kDigitsShmem * has_digits;
  mm.by_thread.calls(kStartCalls - 1 + has_joined + has_digits);
  mm.by_thread.fault({.file = mm.base_file, .shmem = mapped - kForkShmem}, 1);
  mm.base_shmem = mapped;
  // Pages of the program come by 16, and two times 16 are counted.
  mm.by_processor.begin({.anon = mm.anon(), .shmem = joins ? mapped : mapped - kJoinShmem});
}

// What a step needs of the program first.
Co<bool> Kernel::bring_in(Process& process, ProgramPart part) {
  Mm& mm = *process.mm;
  if ((mm.program_parts & static_cast<std::uint8_t>(part)) != 0) co_return true;
  mm.program_parts |= static_cast<std::uint8_t>(part);
  const bool forked = process.parent != nullptr;
  Pages own = kBufferCopies;
  std::int64_t calls = own.count();
  RssCounts mapped;
  if (part == ProgramPart::memory) {
    own = forked ? kChildMemoryCopies : kMemoryCopies;
    const bool late = process.memcg->is_root();
    calls = forked ? kChildMemoryCalls : kMemoryCalls + (late ? kLateCalls : 0);
    const Pages all = forked ? kAllChildShmem : kAllShmem + kDigitsShmem * writes_digits(process);
    mapped.shmem = all - mm.base_shmem;
  } else if (part == ProgramPart::regions) {
    own = mapped.anon = kRegionsPage;
    calls = own.count();
  }
  mm.base_shmem += mapped.shmem;
  mm.base_anon += mapped.anon;
  mm.by_thread.fault(mapped, 1);
  if (mm.written == nullptr) {
    objects_.push_back(std::make_unique<Object>());
    mm.written = objects_.back().get();
    mm.written->users = 1;
  }
  Region region{mm.written, mm.written_pages + own, Pages(0), false, false};
  const Pages spread = mm.spread;
  const std::int64_t held = process.held_bytes;
  const ThreadCounts counts = mm.by_thread;
  const bool alive = co_await touch(process, region, mm.written_pages.count(), own.count());
  mm.written_pages += own;
  mm.spread = spread;
  mm.by_thread = counts;
  mm.by_thread.calls(calls - 1);
  process.held_bytes = held;
  co_return alive;
}

Co<bool> Kernel::bring_in_regions(Process& process) {
  if (process.is_vfork_child) co_return true;
  const bool alive = co_await bring_in(process, ProgramPart::memory);
  if (!alive) co_return false;
  co_return co_await bring_in(process, ProgramPart::regions);
}

// A stack in the kernel, an address space with tables of its own, and all pages
// in common until they are written to.
Co<int> Kernel::copy_process(Process& parent, Process& child, bool shares_memory) {
  Memcg& group = *parent.memcg;
  const Pages tables = shares_memory ? Pages(0) : parent.mm->tables;
  const Pages all = kKernelStack + tables;
  if (!co_await charge_kernel(parent, group, kKernelStack, &MemcgStats::kernel_stack))
    co_return ENOMEM;
  if (!co_await charge_kernel(parent, group, tables, &MemcgStats::page_tables)) {
    uncharge(group, kKernelStack);
    count_charge(group, kKernelStack, &MemcgStats::kernel_stack, -1);
    co_return ENOMEM;
  }
  for (Pages done(0); done < all;) {
    const Machine::Taken taken = co_await alloc_pages(parent, all - done);
    if (taken.pages <= Pages(0)) co_return ENOMEM;
    done += taken.pages;
  }
  kernel_stack_ += kKernelStack;
  page_tables_ += tables;
  if (shares_memory) {
    child.mm = parent.mm;
    ++child.mm->users;
    child.is_vfork_child = true;
  } else {
    child.mm = std::make_shared<Mm>(*parent.mm);
    child.mm->users = 1;
    child.mm->written = nullptr;
    child.mm->locked = Pages(0);
    child.mm->written_pages = Pages(0);
    child.mm->program_parts &= static_cast<std::uint8_t>(ProgramPart::regions);
    child.mm->table_charge = tables;
    for (Region& region : child.mm->regions)
      ++region.object->users;
    committed_.add(child.mm->committed);
  }
  join(child, group);
  if (!shares_memory) begin_child(*child.mm);
  co_await spend(*parent.thread, profile_.costs.fork);
  co_return 0;
}

}  // namespace oomkit::sim
