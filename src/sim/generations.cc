// Reclaim with generations, as 6.12 and 7.2 do it: which generation a page belongs to, how much is
// looked at, and when a new generation has to begin. mm/vmscan.c, include/linux/mm_inline.h
#include "sim/generations.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "kernel/memcg_protection.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr int kFirstPriority = 12;      // DEF_PRIORITY
constexpr Pages kMostAtOnce(4096);      // MAX_LRU_BATCH
constexpr Pages kLeastOfProtected(32);  // SWAP_CLUSTER_MAX

Bytes generation_bytes(Pages pages) {
  return to_bytes(pages, PageSize::k4K);
}

// Nothing stands there, but what reclaim has isolated.
bool is_taken(const PageList& list) {
  return list.newest == nullptr || list.newest->isolated;
}

// evictable_min_seq()
std::int64_t evictable_min_seq(const Generations& generations, bool anon) {
  const std::int64_t file = generations.of(true).min_seq;
  return anon ? std::min(file, generations.of(false).min_seq) : file;
}

}  // namespace

// From 6.14 on what is used for the first time only gets PG_referenced, and counts the second time:
// of files. New memory of processes was seen to count at once.
bool Kernel::counts_first_use(const Extent& extent) const {
  if (profile_.version < kUsesAreFlags || extent.object->kind != Object::Kind::file) return true;
  return extent.referenced || extent.workingset;
}

// lru_gen_folio_seq(), and what stood in lru_gen_add_folio() before it.
std::int64_t Kernel::generation_for(const Extent& extent, bool active) const {
  const bool file = is_file(extent.list);
  const Generations& generations = extent.memcg->generations[node_of(extent)];
  const std::int64_t youngest = generations.max_seq;
  const std::int64_t oldest = generations.of(file).min_seq;
  const bool in_swap_cache = extent.cached || extent.write != nullptr;
  const bool waits = (!file && !in_swap_cache) || extent.write != nullptr;
  if (profile_.version < kUsesAreFlags) {
    if (active) return youngest;
    if (waits) return std::max(youngest - 1, oldest);
    return oldest + kLeastGenerations >= youngest ? oldest : oldest + 1;
  }
  const std::int64_t worth = extent.workingset ? 1 : 0;
  if (active) return std::max(youngest - 1 + worth, oldest);
  if (waits) return std::max(youngest - 1, oldest);
  return std::max(youngest - kMostGenerations + 1 + worth, oldest);
}

Extent& Kernel::enter_generation(Extent& extent, bool active) {
  const bool file = is_file(extent.list);
  extent.list = file ? ListKind::inactive_file : ListKind::inactive_anon;
  GenerationsOfKind& kind = extent.memcg->generations[node_of(extent)].of(file);
  extent.generation = extent.stands_in = generation_at(generation_for(extent, active));
  extent.isolated = false;
  kind.pages[extent.generation] += extent.count;
  kind.lists[extent.stands_in].push(extent);
  return join(extent);
}

// In that generation's list, as the newest there.
void Kernel::move_to(Extent& extent, std::size_t generation) {
  list_out(extent);
  GenerationsOfKind& kind = extent.memcg->generations[node_of(extent)].of(is_file(extent.list));
  extent.generation = extent.stands_in = generation;
  kind.pages[generation] += extent.count;
  kind.lists[generation].push(extent);
  join(extent);
}

// The oldest generation is the first in whose list there is anything, as long as two are left.
// True: there is another one now.
bool Kernel::try_to_inc_min_seq(Memcg& group, int node, bool anon) const {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  std::array<std::int64_t, 2> min_seq = {generations.of(false).min_seq,
                                         generations.of(true).min_seq};
  for (const bool file : {false, true}) {
    if (!file && !anon) continue;
    std::int64_t& seq = min_seq[file ? 1 : 0];
    while (seq + kLeastGenerations <= generations.max_seq &&
           is_taken(generations.of(file).lists[generation_at(seq)]))
      ++seq;
  }
  if (anon && profile_.version >= kUsesAreFlags) {
    // No kind gets more than one generation ahead of what can be taken of the other.
    const std::int64_t last = generations.max_seq - kLeastGenerations;
    if (min_seq[0] > last && min_seq[1] < last) {
      min_seq[0] = last;
    } else if (min_seq[1] > last && min_seq[0] < last) {
      min_seq[1] = last;
    }
  } else if (anon) {
    min_seq[0] = std::min(min_seq[0], min_seq[1]);
    min_seq[1] = std::max(min_seq[0], generations.of(true).min_seq);
  }
  bool moved = false;
  for (const bool file : {false, true}) {
    GenerationsOfKind& kind = generations.of(file);
    if ((!file && !anon) || min_seq[file ? 1 : 0] <= kind.min_seq) continue;
    moved = true;
    kind.first_tier.carry_over();
    kind.last_tier.carry_over();
    kind.min_seq = min_seq[file ? 1 : 0];
  }
  return moved;
}

bool Kernel::should_run_aging(const Scan& scan, const Memcg& group, int node, bool anon) const {
  const Generations& generations = group.generations[static_cast<std::size_t>(node)];
  const std::int64_t left = generations.max_seq - evictable_min_seq(generations, anon);
  if (left < kLeastGenerations) return true;
  if (profile_.version >= kScanBudget)
    return scan.priority < kFirstPriority && left == kLeastGenerations;
  if (left > kLeastGenerations) return false;
  // Where what is young is more than half, or what is old less than a quarter.
  Pages total;
  Pages young;
  Pages old;
  for (const bool file : {false, true}) {
    if (!file && !anon) continue;
    const GenerationsOfKind& kind = generations.of(file);
    for (std::int64_t seq = kind.min_seq; seq <= generations.max_seq; ++seq) {
      const Pages pages = kind.pages[generation_at(seq)];
      total += pages;
      if (seq == generations.max_seq) young += pages;
      if (seq + kLeastGenerations == generations.max_seq) old += pages;
    }
  }
  return young * kLeastGenerations > total || old * (kLeastGenerations + 2) < total;
}

// lruvec_evictable_size() and, on 7.2, apply_proportional_protection(), before the priority.
Pages Kernel::pages_to_scan(Scan& scan, const Memcg& group, int node, bool anon) const {
  const Generations& generations = group.generations[static_cast<std::size_t>(node)];
  Pages pages = generations.all(true);
  if (anon) pages += generations.all(false);
  const Pages low = scan.memcg_low ? Pages(0) : group.effective_low;
  const Pages protection = std::max(low, group.effective_min);
  if (protection <= Pages(0) || profile_.version < kScanBudget) return pages;
  if (low > group.effective_min) scan.low_skipped = true;
  const Bytes usage = std::max(generation_bytes(group.memory.usage), generation_bytes(protection));
  const Bytes left = scannable(generation_bytes(pages), usage, generation_bytes(protection));
  return std::max(floor_pages(left, PageSize::k4K), kLeastOfProtected);
}

// set_initial_priority(): where kswapd would scan as much as it wants, if the inactive part of it
// were reclaimed.
int Kernel::first_priority(const Scan& scan, int node) {
  if (scan.priority < kFirstPriority || scan.target < kLeastBatch) return scan.priority;
  const auto listed = [&](ListKind kind) { return MemcgTree::listed(*scan.top, node, kind); };
  Pages pages = listed(ListKind::inactive_file);
  if (machine_.swap().free() > Pages(0)) pages += listed(ListKind::inactive_anon);
  const auto last_bit = [](Pages of) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(of.count())));
  };
  const int priority = last_bit(pages) - 1 - last_bit(scan.target - Pages(1));
  return std::clamp(priority, kFirstPriority / 2, kFirstPriority);
}

// lru_gen_shrink_lruvec()
Co<void> Kernel::shrink_generations(Scan& scan, Memcg& group, int node) {
  const int swappiness = group.swappiness.value_or(sysctls_.swappiness);
  // get_swappiness(): with less room in swap than a batch, anonymous memory is not looked at.
  const bool anon = scan.may_swap && swappiness > 0 && swap_room(group) >= kLeastBatch;
  SwapPlug own_plug(profile_.version);
  SwapPlug* outer = scan.process != nullptr ? scan.process->plug : nullptr;
  SwapPlug& plug = outer != nullptr ? *outer : own_plug;
  scan.has_walked = false;
  if (profile_.version >= kScanBudget) {
    co_await shrink_by_budget(scan, group, node, anon, plug);
  } else {
    co_await shrink_until_scanned(scan, group, node, anon, plug);
  }
  if (outer == nullptr) send_writes(own_plug);
}

// try_to_shrink_lruvec() of 7.2.
Co<void> Kernel::shrink_by_budget(Scan& scan, Memcg& group, int node, bool anon, SwapPlug& plug) {
  Pages left(pages_to_scan(scan, group, node, anon).count() >> scan.priority);
  bool aged = false;
  while (left > Pages(0)) {
    if (should_run_aging(scan, group, node, anon)) {
      co_await try_to_inc_max_seq(scan, group, node, anon);
      aged = true;
    }
    const Pages looked_at =
        co_await evict_folios(scan, group, node, anon, std::min(left, kLeastBatch), plug);
    if (looked_at <= Pages(0) || scan.reclaimed >= scan.target) break;
    if (scan.top->is_root() && aged) break;
    left -= looked_at;
  }
}

// try_to_shrink_lruvec() and get_nr_to_scan() of 6.12. At a cgroup's limit it goes on when it has
// enough, for fairness (should_abort_scan()).
Co<void> Kernel::shrink_until_scanned(Scan& scan, Memcg& group, int node, bool anon,
                                      SwapPlug& plug) {
  Pages looked_at;
  while (true) {
    const Pages all = pages_to_scan(scan, group, node, anon);
    const Generations& generations = group.generations[static_cast<std::size_t>(node)];
    const bool must =
        generations.max_seq - evictable_min_seq(generations, anon) < kLeastGenerations;
    if (should_run_aging(scan, group, node, anon) && scan.priority < kFirstPriority) {
      co_await try_to_inc_max_seq(scan, group, node, anon);
      break;
    }
    const Pages wanted(must ? 0 : all.count() >> scan.priority);
    if (wanted <= Pages(0)) break;
    const Pages part = co_await evict_folios(scan, group, node, anon, kMostAtOnce, plug);
    looked_at += part;
    if (part <= Pages(0) || looked_at >= wanted) break;
    if (scan.top->is_root() && scan.reclaimed >= scan.target) break;
  }
}

// lru_gen_eviction()
void Kernel::remember_generation(Extent& extent) {
  Generations& generations = extent.memcg->generations[node_of(extent)];
  GenerationsOfKind& kind = generations.of(false);
  const bool flags = profile_.version >= kUsesAreFlags;
  (flags && extent.workingset ? kind.last_tier : kind.first_tier).total += extent.count.count();
  extent.eviction = flags ? generations.max_seq : kind.min_seq;
}

// lru_gen_refault(): it comes back soon. That makes waiting for it a stall, where it was worth
// something before (from 6.14 on), or where a fault asks for it.
void Kernel::note_refault(const Extent& extent, Fresh& fresh) const {
  Generations& generations = extent.memcg->generations[node_of(extent)];
  GenerationsOfKind& kind = generations.of(false);
  const bool flags = profile_.version >= kUsesAreFlags;
  const bool recent = flags ? generations.max_seq - extent.eviction < kMostGenerations
                            : kind.min_seq == extent.eviction;
  if (!recent) return;
  ++(flags && extent.workingset ? kind.last_tier : kind.first_tier).refaulted;
  fresh.workingset = !flags || extent.workingset;
}

}  // namespace oomkit::sim
