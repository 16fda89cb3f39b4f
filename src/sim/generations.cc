// Reclaim with generations, as 6.12 and 7.2 do it: what is looked at, when pages grow older, and
// what becomes of them. mm/vmscan.c under CONFIG_LRU_GEN
//
// Of the up to four generations the model has two: the oldest, from which pages are taken
// (inactive), and those above it (active). Page tables say what was used since they were looked at
// last; aging lets that stay young, and all else become old.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr Pages kLeastBatch(64);  // MIN_LRU_BATCH
constexpr int kFirstPriority = 12;

PageList& generation(Memcg& group, int node, bool file, bool young) {
  const ListKind kind = file ? (young ? ListKind::active_file : ListKind::inactive_file)
                             : (young ? ListKind::active_anon : ListKind::inactive_anon);
  return group.lists[static_cast<std::size_t>(node)][static_cast<std::size_t>(kind)];
}

}  // namespace

// inc_max_seq() behind a walk of the page tables (walk_mm()): what was used since the last is
// young.
Co<void> Kernel::inc_max_seq(Scan& scan, Memcg& group, int node) {
  trace([&] { return "inc_max_seq: " + group.path; });
  Pages walked;
  for (const bool file : {false, true}) {
    PageList& old = generation(group, node, file, false);
    PageList& younger = generation(group, node, file, true);
    const ListKind to_old = file ? ListKind::inactive_file : ListKind::inactive_anon;
    const ListKind to_young = file ? ListKind::active_file : ListKind::active_anon;
    walked += old.pages + younger.pages;
    std::vector<Extent*> promoted;
    for (Extent* extent = old.oldest; extent != nullptr; extent = extent->newer) {
      if (extent->young) promoted.push_back(extent);
    }
    for (Extent* extent = younger.oldest; extent != nullptr;) {
      Extent* next = extent->newer;
      if (!std::exchange(extent->young, false)) {
        list_out(*extent);
        list_in(*extent, to_old);
      }
      extent = next;
    }
    for (Extent* extent : promoted) {
      list_out(*extent);
      extent->young = false;
      extent->list = to_young;
      younger.push(*extent);
    }
    group.has_no_old[static_cast<std::size_t>(node)][file ? 1 : 0] = old.pages <= Pages(0);
  }
  co_await spend(*scan.thread, profile_.costs.scan * std::max<std::int64_t>(walked.count(), 1));
}

// shrink_folio_list(), of pages that are alike and the oldest.
void Kernel::evict_run(Memcg& group, Extent* extent, SwapPlug& plug, Eviction& batch) {
  const bool file = extent->object->kind == Object::Kind::file;
  const bool zram = machine_.swap().kind == SwapKind::zram;
  const Costs& costs = profile_.costs;
  const auto keep = [&] {
    batch.looked_at += extent->count;
    group.own.pgactivate += extent->count.count();
    list_out(*extent);
    extent->young = false;
    list_in(*extent, file ? ListKind::active_file : ListKind::active_anon);
  };
  if (extent->young) {  // lru_gen_look_around()
    batch.cost += costs.keep_used * extent->count.count();
    keep();
    return;
  }
  if (file || extent->cached) {
    const SimTime each = !file ? costs.free_written : extent->dirty ? costs.swap_out : SimTime(0);
    batch.cost += each * extent->count.count();
    batch.looked_at += extent->count;
    batch.reclaimed += extent->count;
    if (file) {
      drop(*extent);
    } else {
      leave_swap_cache(*extent);
    }
    return;
  }
  const Pages room = std::min(swap_room(group), zram ? extent->count : plug.room());
  if (room <= Pages(0)) {
    for (Pages page; page < extent->count; page += Pages(1))
      swap_refused(group);
    keep();
    return;
  }
  if (extent->count > room) extent = &split(*extent, room);
  const Pages out = extent->count;
  batch.looked_at += out;
  if (zram) {
    // It is written while one waits for it, and gone.
    batch.cost += costs.compress * out.count();
    batch.reclaimed += out;
    swap_out(*extent);
  } else {
    batch.cost += (costs.swap_out - costs.free_written) * out.count();
    write_to_swap(*extent, plug);
  }
}

// A batch of the oldest generation. What is returned is how many pages were looked at.
Co<Pages> Kernel::evict_folios(Scan& scan, Memcg& group, int node, bool file, Pages most,
                               SwapPlug& plug) {
  PageList& oldest = generation(group, node, file, false);
  Eviction batch;
  finish_writes(group, node);
  while (batch.looked_at < most && oldest.oldest != nullptr) {
    Extent* extent = oldest.oldest;
    const Pages left = most - batch.looked_at;
    if (extent->count > left) extent = &split(*extent, left);
    evict_run(group, extent, plug, batch);
  }
  // try_to_inc_min_seq()
  if (oldest.oldest == nullptr)
    group.has_no_old[static_cast<std::size_t>(node)][file ? 1 : 0] = true;
  const bool counts = scan.top->is_root() || profile_.version >= KernelVersion{7, 0};
  if (counts) {
    (scan.is_kswapd ? vmstat_.pgscan_kswapd : vmstat_.pgscan_direct) += batch.looked_at.count();
    (scan.is_kswapd ? vmstat_.pgsteal_kswapd : vmstat_.pgsteal_direct) += batch.reclaimed.count();
  }
  group.own.pgscan += batch.looked_at.count();
  group.own.pgsteal += batch.reclaimed.count();
  scan.scanned += batch.looked_at;
  scan.reclaimed += batch.reclaimed;
  trace([&] {
    return "evict_folios: " + group.path + (file ? " files" : " anon") + " at priority " +
           std::to_string(scan.priority) + ": " + std::to_string(batch.looked_at.count()) +
           " looked at, " + std::to_string(batch.reclaimed.count()) + " had";
  });
  const SimTime all = batch.cost + profile_.costs.scan * batch.looked_at.count();
  co_await spend(*scan.thread, std::max(all, SimTime(1)));
  co_return batch.looked_at;
}

// try_to_shrink_lruvec()
Co<void> Kernel::shrink_generations(Scan& scan, Memcg& group, int node) {
  const int swappiness = group.swappiness.value_or(sysctls_.swappiness);
  // get_swappiness(): with less room in swap than a batch, anonymous memory is not looked at.
  const bool anon = scan.may_swap && swappiness > 0 && swap_room(group) >= kLeastBatch;
  // 7.2 looks at no more than it has to, and ends when it has enough (so it was seen to do).
  // On 6.12 each batch is a full one, and at a cgroup's limit it goes on, for fairness
  // (should_abort_scan()).
  const bool exact = profile_.version >= KernelVersion{7, 0};
  SwapPlug own_plug;
  SwapPlug* outer = scan.process != nullptr ? scan.process->plug : nullptr;
  SwapPlug& plug = outer != nullptr ? *outer : own_plug;
  Pages looked_at;
  while (true) {
    finish_writes(group, node);
    const auto old = [&](bool file) { return generation(group, node, file, false).pages; };
    const auto all = [&](bool file) {
      return old(file) + generation(group, node, file, true).pages;
    };
    // should_run_aging(), as late as may be.
    const auto& exhausted = group.has_no_old[static_cast<std::size_t>(node)];
    if (old(!anon) <= Pages(0) || exhausted[anon ? 0 : 1]) {
      if (scan.priority < kFirstPriority && all(!anon) > Pages(0))
        co_await inc_max_seq(scan, group, node);
      break;
    }
    Pages total = all(true);
    if (anon) total += all(false) + group.writing[static_cast<std::size_t>(node)].pages;
    const Pages wanted(total.count() >> scan.priority);
    if (exact && wanted <= looked_at) break;
    const Pages batch = exact ? std::min(wanted - looked_at, kLeastBatch) : kLeastBatch;
    // get_type_to_scan(): files, as long as they do not come back.
    const bool file = !anon || old(true) > Pages(0);
    const Pages part = co_await evict_folios(scan, group, node, file, batch, plug);
    looked_at += part;
    if (part <= Pages(0) || looked_at >= wanted || exhausted[anon ? 0 : 1]) break;
    if ((exact || scan.top->is_root()) && scan.reclaimed >= scan.target) break;
  }
  if (outer == nullptr) send_writes(own_plug);
}

}  // namespace oomkit::sim
