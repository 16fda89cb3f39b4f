// Reclaim with generations: what becomes of the pages of the oldest one. mm/vmscan.c,
// evict_folios() and shrink_folio_list(), of 6.12 and 7.2.
#include <algorithm>
#include <string>

#include "core/check.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr int kMostSwappiness = 200;
constexpr std::int64_t kFirstTierGain = 2, kOtherTiersGain = 3;

struct Position {
  std::int64_t refaulted = 0, total = 0, gain = 0;
};

Position position_of(const RefaultRate& rate, std::int64_t gain) {
  return {rate.all_refaulted(), rate.all(), gain};
}

bool positive_ctrl_err(const Position& set, const Position& now) {
  if (now.refaulted < kLeastBatch.count()) return true;
  return now.refaulted * (set.total + kLeastBatch.count()) * set.gain <=
         (set.refaulted + 1) * now.total * now.gain;
}

}  // namespace

// True: files.
bool Kernel::get_type_to_scan(const Memcg& group, int node) const {
  const Generations& generations = group.generations[static_cast<std::size_t>(node)];
  const int swappiness = group.swappiness.value_or(sysctls_.swappiness);
  const GenerationsOfKind& anon = generations.of(false);
  const GenerationsOfKind& file = generations.of(true);
  const bool flags = profile_.version >= kUsesAreFlags;
  if (!flags && anon.min_seq < file.min_seq) return false;
  if (swappiness <= 1) return true;
  if (swappiness >= kMostSwappiness) return false;
  RefaultRate all_anon = anon.first_tier;
  RefaultRate all_file = file.first_tier;
  if (flags) {
    all_anon += anon.last_tier;
    all_file += file.last_tier;
  }
  return positive_ctrl_err(position_of(all_anon, swappiness),
                           position_of(all_file, kMostSwappiness - swappiness));
}

// Goes through the oldest generation's list, up to `most` pages. What belongs to another one goes
// to its place; up to a batch of the others are isolated, and stay at the end of the list. How many
// were looked at.
Pages Kernel::scan_folios(Memcg& group, int node, bool file, Pages most, Eviction& batch) {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  GenerationsOfKind& kind = generations.of(file);
  if (generations.count(file) == kLeastGenerations) return Pages(0);
  const std::size_t oldest = generation_at(kind.min_seq);
  const std::size_t next_oldest = generation_at(kind.min_seq + 1);
  // get_tier_idx(): what was worth something is protected when it comes back more often.
  const bool protects = profile_.version >= kUsesAreFlags &&
                        !positive_ctrl_err(position_of(kind.first_tier, kFirstTierGain),
                                           position_of(kind.last_tier, kOtherTiersGain));
  Pages looked_at;
  for (Extent* extent = kind.lists[oldest].oldest;
       extent != nullptr && looked_at < most && batch.isolated < kLeastBatch;) {
    const bool promoted = extent->generation != oldest;
    const bool is_protected =
        !promoted && ((protects && extent->workingset) ||
                      (profile_.version < kScanBudget && extent->write != nullptr));
    const bool sorted = promoted || is_protected;
    Pages part = std::min(extent->count, most - looked_at);
    if (!sorted) part = std::min(part, kLeastBatch - batch.isolated);
    if (extent->count > part) extent = &split(*extent, part);
    Extent* next = extent->newer;
    looked_at += part;
    if (sorted) {
      if (is_protected && extent->workingset) kind.last_tier.total += part.count();
      if (is_protected) extent->referenced = false;
      move_to(*extent, promoted ? extent->generation : next_oldest);
    } else {
      extent->isolated = true;
      batch.isolated += part;
    }
    extent = next;
  }
  return looked_at -
         (profile_.version < kScanBudget && batch.isolated <= Pages(0) && looked_at < most
              ? looked_at
              : Pages(0));
}

// What reclaim rejects does not stay in the oldest generation.
void Kernel::put_back(Extent& extent, bool active) {
  list_out(extent);
  const GenerationsOfKind& kind =
      extent.memcg->generations[node_of(extent)].of(is_file(extent.list));
  enter_generation(extent, active || generation_for(extent, false) == kind.min_seq);
}

// add_to_swap(), try_to_unmap(), pageout()
void Kernel::write_run(Memcg& group, Extent* extent, SwapPlug& plug, Eviction& batch) {
  const bool zram = machine_.swap().kind == SwapKind::zram;
  const Costs& costs = profile_.costs;
  const Pages room = std::min(swap_room(group), zram ? extent->count : plug.room());
  if (room <= Pages(0)) {
    for (Pages page; page < extent->count; page += Pages(1))
      swap_refused(group);
    group.own.pgactivate += extent->count.count();
    put_back(*extent, true);
    return;
  }
  if (extent->count > room) extent = &split(*extent, room);
  const Pages out = extent->count;
  if (zram) {
    // It is written while one waits for it, and gone.
    batch.cost += costs.compress * out.count();
    batch.reclaimed += out;
    remember_generation(*extent);
    swap_out(*extent);
  } else {
    batch.cost += (costs.swap_out - costs.free_written) * out.count();
    write_to_swap(*extent, plug);
    put_back(*extent, false);
  }
}

// shrink_folio_list(), of pages that are alike.
void Kernel::evict_run(Scan& scan, Memcg& group, Extent* extent, SwapPlug& plug, Eviction& batch) {
  const bool file = extent->object->kind == Object::Kind::file;
  const Costs& costs = profile_.costs;
  if (extent->write != nullptr) {
    batch.cost += costs.keep_written * extent->count.count();
    group.own.pgactivate += extent->count.count();
    put_back(*extent, true);
    return;
  }
  if (extent->young) {
    batch.cost += costs.keep_used * extent->count.count();
    extent->object->forget_young();
    extent->young = false;
    look_around(scan, *extent);
    const bool active = counts_first_use(*extent);
    extent->referenced = true;
    if (active) {
      group.own.pgactivate += extent->count.count();
      extent->workingset = extent->workingset || profile_.version >= kUsesAreFlags;
    }
    put_back(*extent, active || profile_.version < kUsesAreFlags);
    return;
  }
  if (file || extent->cached) {
    const SimTime each = !file ? costs.free_written : extent->dirty ? costs.swap_out : SimTime(0);
    batch.cost += each * extent->count.count();
    batch.reclaimed += extent->count;
    if (file) {
      GenerationsOfKind& kind = group.generations[node_of(*extent)].of(true);
      kind.first_tier.total += extent->count.count();
      drop(*extent);
    } else {
      remember_generation(*extent);
      leave_swap_cache(*extent);
    }
    return;
  }
  write_run(group, extent, plug, batch);
}

// A batch of the oldest generation. What is returned is how many pages were looked at.
Co<Pages> Kernel::evict_folios(Scan& scan, Memcg& group, int node, bool anon, Pages most,
                               SwapPlug& plug) {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  const bool budget = profile_.version >= kScanBudget;
  finish_writes(group, node);
  if (budget) try_to_inc_min_seq(group, node, anon);
  // isolate_folios(): the other kind only where there is nothing of this one.
  Eviction batch;
  bool file = !anon || get_type_to_scan(group, node);
  Pages looked_at;
  for (int tries = anon ? 2 : 1; tries > 0 && batch.isolated <= Pages(0); --tries) {
    const Pages part = scan_folios(group, node, file, most, batch);
    looked_at += part;
    if (batch.isolated > Pages(0) || (part > Pages(0) && !budget)) break;
    if (part <= Pages(0) && tries > 1) file = !file;
  }
  const GenerationsOfKind& kind = generations.of(file);
  const std::size_t oldest = generation_at(kind.min_seq);
  if (budget) {
    if (looked_at > Pages(0)) try_to_inc_min_seq(group, node, anon);
  } else {
    if (try_to_inc_min_seq(group, node, anon)) looked_at += Pages(1);
    if (generations.count(!anon) == kLeastGenerations) looked_at = Pages(0);
  }
  while (kind.lists[oldest].oldest != nullptr && kind.lists[oldest].oldest->isolated)
    evict_run(scan, group, kind.lists[oldest].oldest, plug, batch);
  const bool counts = scan.top->is_root() || profile_.version >= KernelVersion{7, 0};
  if (counts) {
    (scan.is_kswapd ? vmstat_.pgscan_kswapd : vmstat_.pgscan_direct) += batch.isolated.count();
    (scan.is_kswapd ? vmstat_.pgsteal_kswapd : vmstat_.pgsteal_direct) += batch.reclaimed.count();
  }
  group.own.pgscan += batch.isolated.count();
  group.own.pgsteal += batch.reclaimed.count();
  scan.scanned += batch.isolated;
  scan.reclaimed += batch.reclaimed;
  trace([&] {
    return "evict_folios: " + group.path + (file ? " files" : " anon") + " at priority " +
           std::to_string(scan.priority) + ": " + std::to_string(looked_at.count()) +
           " looked at, " + std::to_string(batch.isolated.count()) + " isolated, " +
           std::to_string(batch.reclaimed.count()) + " had";
  });
  const SimTime all =
      batch.cost + profile_.costs.scan * std::max(looked_at, batch.isolated).count();
  co_await spend(*scan.thread, std::max(all, SimTime(1)));
  co_return looked_at;
}

}  // namespace oomkit::sim
