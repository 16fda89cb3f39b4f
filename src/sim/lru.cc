// The two lists of a cgroup on a node, for anonymous memory and for files: how much of which is
// looked at, and what becomes of a page. mm/vmscan.c without generations: 5.10, 6.1.
#include <algorithm>
#include <string>

#include "kernel/memcg_protection.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr Pages kScanCluster(32);  // SWAP_CLUSTER_MAX
constexpr int kDefPriority = 12;
constexpr std::int64_t kPagesOfGiB = 1 << 18;

constexpr std::size_t lru_index(ListKind kind) {
  return static_cast<std::size_t>(kind);
}
constexpr ListKind lru_kind(bool file, bool active) {
  if (file) return active ? ListKind::active_file : ListKind::inactive_file;
  return active ? ListKind::active_anon : ListKind::inactive_anon;
}

Bytes lru_bytes(Pages pages) {
  return to_bytes(pages, PageSize::k4K);
}

PageList& page_list(Memcg& group, int node, ListKind kind) {
  return group.lists[static_cast<std::size_t>(node)][lru_index(kind)];
}

// inactive_is_low(): the lists of the whole subtree count.
bool inactive_is_low(const Memcg& group, int node, bool file) {
  const std::int64_t inactive = MemcgTree::listed(group, node, lru_kind(file, false)).count();
  const std::int64_t active = MemcgTree::listed(group, node, lru_kind(file, true)).count();
  const std::int64_t gib = (inactive + active) / kPagesOfGiB;
  std::int64_t ratio = 1;
  while (gib > 0 && (ratio + 1) * (ratio + 1) <= 10 * gib)
    ++ratio;
  return inactive * ratio < active;
}

// shrink_lruvec(): when enough was had, the shorter of the two kinds is left alone, and of the
// other only as great a part is looked at as of that one.
void keep_proportion(ScanCount& left, const ScanCount& targets) {
  const auto sum = [](const ScanCount& of, bool file) {
    return of[lru_index(lru_kind(file, false))] + of[lru_index(lru_kind(file, true))];
  };
  const bool file_is_shorter = sum(left, true) <= sum(left, false);
  const std::int64_t percent =
      sum(left, file_is_shorter).count() * 100 / (sum(targets, file_is_shorter).count() + 1);
  for (const bool active : {false, true}) {
    left[lru_index(lru_kind(file_is_shorter, active))] = Pages(0);
    const std::size_t other = lru_index(lru_kind(!file_is_shorter, active));
    const Pages scanned = targets[other] - left[other];
    left[other] = std::max(targets[other] * (100 - percent) / 100 - scanned, Pages(0));
  }
}

}  // namespace

// shrink_node(): what holds for all groups below the one that reclaim began at.
void Kernel::prepare_scan(Scan& scan, int node) const {
  const LruBalance& balance = scan.top->balance[static_cast<std::size_t>(node)];
  scan.anon_cost = balance.anon_cost;
  scan.file_cost = balance.file_cost;
  for (const bool file : {false, true}) {
    const std::size_t kind = file ? 1 : 0;
    scan.may_deactivate[kind] = scan.force_deactivate ||
                                balance.activated[kind] != balance.activated_before[kind] ||
                                inactive_is_low(*scan.top, node, file);
  }
  const auto listed = [&](ListKind kind) { return MemcgTree::listed(*scan.top, node, kind); };
  const Pages inactive_file = listed(ListKind::inactive_file);
  scan.cache_trim_mode = (inactive_file.count() >> scan.priority) > 0 && !scan.may_deactivate[1];
  scan.file_is_tiny = false;
  if (!scan.top->is_root()) return;
  Pages free;
  Pages high;
  for (const SimZone& zone : machine_.zones()) {
    if (zone.node != node) continue;
    free += zone.free;
    high += zone.levels.high;
  }
  scan.file_is_tiny = listed(ListKind::active_file) + inactive_file + free <= high &&
                      !scan.may_deactivate[0] &&
                      (listed(ListKind::inactive_anon).count() >> scan.priority) > 0;
}

// get_scan_count()
ScanCount Kernel::scan_count(Scan& scan, const Memcg& group, int node) const {
  enum class Balance { equal, parts, anon, file };
  const std::int64_t swappiness = group.swappiness.value_or(sysctls_.swappiness);
  const auto balanced = [&] {
    if (!scan.may_swap || !can_swap(group) || (!scan.top->is_root() && swappiness == 0))
      return Balance::file;
    if (scan.priority == 0 && swappiness > 0) return Balance::equal;
    if (scan.file_is_tiny) return Balance::anon;
    return scan.cache_trim_mode ? Balance::file : Balance::parts;
  };
  const Balance balance = balanced();
  const std::int64_t cost = scan.anon_cost + scan.file_cost;
  const std::int64_t both = cost + cost + cost + 1;
  const std::int64_t anon_part = swappiness * both / (cost + scan.anon_cost + 1);
  const std::int64_t file_part = (200 - swappiness) * both / (cost + scan.file_cost + 1);
  const Pages low = scan.memcg_low ? Pages(0) : group.effective_low;
  const Pages protection = std::max(low, group.effective_min);
  ScanCount count;
  for (const bool file : {false, true}) {
    for (const bool active : {false, true}) {
      const std::size_t kind = lru_index(lru_kind(file, active));
      Pages pages = group.lists[static_cast<std::size_t>(node)][kind].pages;
      if (protection > Pages(0)) {
        if (low > group.effective_min) scan.low_skipped = true;
        const Bytes usage = std::max(lru_bytes(group.memory.usage), lru_bytes(protection));
        const Bytes left = scannable(lru_bytes(pages), usage, lru_bytes(protection));
        pages = std::max(floor_pages(left, PageSize::k4K), kScanCluster);
      }
      pages = Pages(pages.count() >> scan.priority);
      if (balance == Balance::parts)
        pages = pages * (file ? file_part : anon_part) / (anon_part + file_part);
      if (balance == (file ? Balance::anon : Balance::file)) pages = Pages(0);
      count[kind] = pages;
    }
  }
  return count;
}

Co<void> Kernel::shrink_lruvec(Scan& scan, Memcg& group, int node) {
  SwapPlug own_plug(profile_.version);
  SwapPlug* outer = scan.process != nullptr ? scan.process->plug : nullptr;
  SwapPlug& plug = outer != nullptr ? *outer : own_plug;
  ScanCount left = scan_count(scan, group, node);
  const ScanCount targets = left;
  // Direct reclaim for the host does all that it set out for at the first priority. Up to 6.0
  // others keep the proportion only once.
  bool in_proportion = scan.top->is_root() && !scan.is_kswapd && scan.priority == kDefPriority;
  Pages reclaimed;
  while (left[lru_index(ListKind::inactive_anon)] > Pages(0) ||
         left[lru_index(ListKind::active_file)] > Pages(0) ||
         left[lru_index(ListKind::inactive_file)] > Pages(0)) {
    for (const bool file : {false, true}) {
      for (const bool active : {false, true}) {
        Pages& of_list = left[lru_index(lru_kind(file, active))];
        if (of_list <= Pages(0)) continue;
        const Pages at_once = std::min(of_list, kScanCluster);
        of_list -= at_once;
        if (!active) {
          reclaimed += co_await shrink_inactive(scan, group, node, file, at_once, plug);
        } else if (scan.may_deactivate[file ? 1 : 0]) {
          co_await shrink_active(scan, group, node, file, at_once);
        } else {
          scan.skipped_deactivate = true;
        }
      }
    }
    if (reclaimed < scan.target || in_proportion) continue;
    const Pages files =
        left[lru_index(ListKind::inactive_file)] + left[lru_index(ListKind::active_file)];
    const Pages anons =
        left[lru_index(ListKind::inactive_anon)] + left[lru_index(ListKind::active_anon)];
    if (files <= Pages(0) || anons <= Pages(0)) break;
    keep_proportion(left, targets);
    in_proportion = profile_.version < KernelVersion{6, 1};
  }
  if (outer == nullptr) send_writes(own_plug);
  scan.reclaimed += reclaimed;
  trace([&] {
    return "shrink_lruvec: " + group.path + " at priority " + std::to_string(scan.priority) + ": " +
           std::to_string(reclaimed.count()) + " had; " +
           std::to_string(machine_.swap().free().count()) + " free in swap, " +
           std::to_string(swap_cached_.count()) + " in the swap cache";
  });
  if (machine_.swap().total > Pages(0) && inactive_is_low(group, node, false))
    co_await shrink_active(scan, group, node, false, kScanCluster);
}

// kswapd gives all groups' active anonymous pages a chance to be seen unused.
Co<void> Kernel::age_active_anon(Scan& scan, int node) {
  if (machine_.swap().total <= Pages(0) || !inactive_is_low(memcgs_.root(), node, false)) co_return;
  for (Memcg* group : MemcgTree::subtree(memcgs_.root()))
    co_await shrink_active(scan, *group, node, false, kScanCluster);
}

// shrink_active_list(): the oldest of the active go to the inactive, used or not; what was seen
// used before (PG_referenced) stays known of them.
Co<void> Kernel::shrink_active(Scan& scan, Memcg& group, int node, bool file, Pages count) {
  PageList& active = page_list(group, node, lru_kind(file, true));
  count = std::min(count, active.pages);
  if (count <= Pages(0)) co_return;
  SimTime cost = profile_.costs.scan * count.count();
  while (count > Pages(0)) {
    Extent* extent = active.oldest;
    if (extent->count > count) extent = &split(*extent, count);
    count -= extent->count;
    const bool mapped = extent->object->name.empty();
    if (mapped) cost += profile_.costs.keep_used * extent->count.count();
    list_out(*extent);
    extent->object->forget_young();
    extent->young = false;
    extent->workingset = true;
    list_in(*extent, lru_kind(file, false));
  }
  co_await spend(*scan.thread, cost);
}

// A page that gets no place in swap, though there is some: mem_cgroup_try_charge_swap() tells its
// group and all above it. It becomes active.
void Kernel::swap_refused(Memcg& group) {
  const bool by_limit = machine_.swap().free() > Pages(0);
  for (Memcg* each = &group; !each->is_root(); each = each->parent) {
    if (by_limit) ++each->swap_events[static_cast<std::size_t>(SwapEvent::max)];
    ++each->swap_events[static_cast<std::size_t>(SwapEvent::fail)];
  }
}

// folio_putback_lru(): to the young end of the inactive list or of the active one.
void Kernel::put_back(Extent& extent, Memcg& group, int node, bool active) {
  const bool file = extent.list == ListKind::inactive_file;
  list_out(extent);
  if (active) {
    group.own.pgactivate += extent.count.count();
    age_nonresident(group, node, extent.count);
  }
  list_in(extent, lru_kind(file, active));
}

// add_to_swap() and pageout(). What is for a disk goes back until it is written; into zram it is
// written while one waits for it, and gone.
void Kernel::shrink_to_swap(Extent& extent, const Scan& scan, Memcg& group, int node,
                            SwapPlug& plug, Shrunk& shrunk) {
  const Costs& costs = profile_.costs;
  const bool zram = machine_.swap().kind == SwapKind::zram;
  const Pages room = std::min({swap_room(group), extent.count, zram ? extent.count : plug.room()});
  if (room <= Pages(0)) {
    shrunk.left -= extent.count;
    for (Pages page; page < extent.count; page += Pages(1))
      swap_refused(group);
    put_back(extent, group, node, true);
    return;
  }
  Extent& written = room < extent.count ? split(extent, room) : extent;
  shrunk.left -= room;
  shrunk.written += room;
  if (zram) {
    shrunk.cost += costs.compress * room.count();
    shrunk.reclaimed += room;
    note_eviction(written, *scan.top);
    swap_out(written);
  } else {
    shrunk.cost += (costs.swap_out - costs.free_written) * room.count();
    write_to_swap(written, plug);
    put_back(written, group, node, false);
  }
}

// shrink_page_list() and page_check_references(): a page that was used through a mapping is kept
// the first time and becomes active the second; the others go. What is being written becomes
// active.
void Kernel::shrink_page(Extent& extent, const Scan& scan, Memcg& group, int node, SwapPlug& plug,
                         Shrunk& shrunk) {
  const Costs& costs = profile_.costs;
  const Pages pages = extent.count;
  if (extent.write != nullptr) {
    shrunk.left -= pages;
    shrunk.cost += costs.keep_written * pages.count();
    put_back(extent, group, node, true);
    return;
  }
  if (extent.young) {
    shrunk.left -= pages;
    shrunk.cost += costs.keep_used * pages.count();
    const bool again = extent.referenced;
    extent.object->forget_young();
    extent.young = false;
    extent.referenced = true;
    put_back(extent, group, node, again);
    return;
  }
  extent.referenced = false;
  const bool file = extent.list == ListKind::inactive_file;
  if (!file && !extent.cached) {
    shrink_to_swap(extent, scan, group, node, plug, shrunk);
    return;
  }
  shrunk.left -= pages;
  shrunk.reclaimed += pages;
  if (file) {
    if (extent.dirty) shrunk.cost += costs.swap_out * pages.count();
    if (extent.dirty) shrunk.written += pages;
    age_nonresident(*scan.top, node, pages);
    drop(extent);
  } else {
    shrunk.cost += costs.free_written * pages.count();
    note_eviction(extent, *scan.top);
    leave_swap_cache(extent);
  }
}

// shrink_inactive_list(). A cgroup's own reclaim waits on v1 for what is being written
// (writeback_throttling_sane()).
Co<Pages> Kernel::shrink_inactive(Scan& scan, Memcg& group, int node, bool file, Pages count,
                                  SwapPlug& plug) {
  PageList& list = page_list(group, node, lru_kind(file, false));
  auto& pgscan = scan.is_kswapd ? vmstat_.pgscan_kswapd : vmstat_.pgscan_direct;
  auto& pgsteal = scan.is_kswapd ? vmstat_.pgsteal_kswapd : vmstat_.pgsteal_direct;
  // Of a cgroup's own reclaim /proc/vmstat knew nothing: seen up to 6.12, not on 7.2.
  const bool counts = scan.top->is_root() || profile_.version >= KernelVersion{7, 0};
  const bool waits = cgroup_ == CgroupVersion::v1 && !scan.top->is_root();
  if (!file) finish_writes(group, node);
  // What is put back now stands there again, but is not looked at twice.
  count = std::min(count, list.pages);
  if (count <= Pages(0)) co_return Pages(0);
  scan.scanned += count;
  if (counts) pgscan += count.count();
  group.own.pgscan += count.count();
  Shrunk shrunk = {.left = count, .cost = profile_.costs.scan * count.count()};
  while (shrunk.left > Pages(0) && list.oldest != nullptr) {
    Extent& oldest = *list.oldest;
    if (waits && oldest.write != nullptr) {
      co_await wait_for_write(scan, oldest.write, plug);
      finish_writes(group, node);
      continue;
    }
    Extent& extent = oldest.count > shrunk.left ? split(oldest, shrunk.left) : oldest;
    shrink_page(extent, scan, group, node, plug, shrunk);
  }
  note_cost(group, node, file, shrunk.written);
  if (counts) pgsteal += shrunk.reclaimed.count();
  group.own.pgsteal += shrunk.reclaimed.count();
  co_await spend(*scan.thread, std::max(shrunk.cost, SimTime(1)));
  co_return shrunk.reclaimed;
}

}  // namespace oomkit::sim
