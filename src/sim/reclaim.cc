// Reclaim: which pages go, of which cgroup, and when it gives up. mm/vmscan.c
#include <algorithm>

#include "kernel/memcg_protection.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr int kDefaultPriority = 12;   // DEF_PRIORITY
constexpr Pages kCluster(32);          // SWAP_CLUSTER_MAX
constexpr Pages kPressureWindow(512);  // vmpressure_win
constexpr int kPressureCritical = 3;   // vmpressure_level_critical_prio

Bytes bytes_of(Pages pages) {
  return to_bytes(pages, PageSize::k4K);
}

PageList& list_at(Memcg& group, int node, ListKind kind) {
  return group.lists[static_cast<std::size_t>(node)][static_cast<std::size_t>(kind)];
}

}  // namespace

Pages Kernel::swap_room(const Memcg& group) const {
  Pages room = machine_.swap().free();
  for (const Memcg* each = &group; !each->is_root(); each = each->parent)
    room = std::min(room, each->swap.max - each->swap.usage);
  return std::max(room, Pages(0));
}

bool Kernel::can_swap(const Memcg& group) const {
  if (machine_.swap().free() <= Pages(0)) return false;
  return swap_room(group) > Pages(0);
}

// mem_cgroup_calculate_protection(), seen from the top of this reclaim.
void Kernel::set_protection(Memcg& top, Memcg& group) {
  if (&group == &top || group.is_root()) {
    group.effective_min = group.effective_low = Pages(0);
    return;
  }
  Memcg& parent = *group.parent;
  if (&parent == &top || parent.is_root()) {
    group.effective_min = std::min(group.min, group.memory.usage);
    group.effective_low = std::min(group.low, group.memory.usage);
    return;
  }
  const auto effective = [&](Pages Memcg::*setting, Pages Memcg::*result) {
    ProtectionTerms terms;
    terms.usage = bytes_of(group.memory.usage);
    terms.setting = bytes_of(group.*setting);
    terms.parent_usage = bytes_of(parent.memory.usage);
    terms.parent_effective = bytes_of(parent.*result);
    for (const Memcg* child : parent.children)
      terms.siblings_protected += bytes_of(std::min(child->memory.usage, child->*setting));
    terms.recursive = false;  // A rehearsal mounts without memory_recursiveprot.
    group.*result = floor_pages(effective_protection(terms), PageSize::k4K);
  };
  effective(&Memcg::min, &Memcg::effective_min);
  effective(&Memcg::low, &Memcg::effective_low);
}

Pages Kernel::reclaimable(const Placement& where) {
  Pages sum;
  for (const auto& group : memcgs_.groups()) {
    for (const int node : where.nodes) {
      sum += list_at(*group, node, ListKind::inactive_file).pages;
      sum += list_at(*group, node, ListKind::active_file).pages;
      if (machine_.swap().free() <= Pages(0)) continue;
      sum += list_at(*group, node, ListKind::inactive_anon).pages;
      sum += list_at(*group, node, ListKind::active_anon).pages;
    }
  }
  return sum;
}

// do_try_to_free_pages(): the whole way down the priorities; then, if memory.low was in the way,
// once more without it.
Co<Pages> Kernel::try_to_free(Scan& scan) {
  scan.target = std::max(scan.target, kCluster);
  if (scan.nodes.empty()) {
    for (int node = 0; node < static_cast<int>(machine_.nodes()); ++node)
      scan.nodes.push_back(node);
  }
  while (true) {
    for (scan.priority = kDefaultPriority; scan.priority >= 0; --scan.priority) {
      if (scan.is_kswapd && scan.priority == 0) break;
      if (!scan.top->is_root()) vmpressure_priority(*scan.top, scan.priority);
      for (const int node : scan.nodes)
        co_await shrink_node(scan, node);
      if (scan.reclaimed >= scan.target) co_return scan.reclaimed;
    }
    if (scan.reclaimed > Pages(0) || scan.memcg_low || !scan.low_skipped) co_return scan.reclaimed;
    scan.memcg_low = true;
  }
}

Co<void> Kernel::shrink_node(Scan& scan, int node) {
  const Pages scanned_before = scan.scanned;
  const Pages reclaimed_before = scan.reclaimed;
  co_await spend(*scan.thread, profile_.costs.reclaim);
  for (Memcg* group : MemcgTree::subtree(*scan.top)) {
    set_protection(*scan.top, *group);
    co_await spend(*scan.thread, profile_.costs.reclaim_group);
    if (!group->is_root() && group != scan.top) {
      if (group->memory.usage <= group->effective_min && group->effective_min > Pages(0)) continue;
      if (group->memory.usage <= group->effective_low && group->effective_low > Pages(0)) {
        if (!scan.memcg_low) {
          scan.low_skipped = true;
          continue;
        }
        raise_max_event(*group, MemcgEvent::low);
      }
    }
    Pages group_scanned;
    Pages group_reclaimed;
    co_await shrink_lists(scan, *group, node, group_scanned, group_reclaimed);
    scan.scanned += group_scanned;
    scan.reclaimed += group_reclaimed;
    if (scan.reclaimed >= scan.target && !scan.is_kswapd && scan.priority < kDefaultPriority) break;
  }
  if (!scan.top->is_root())
    vmpressure(*scan.top, scan.scanned - scanned_before, scan.reclaimed - reclaimed_before);
}

// get_scan_count() and shrink_lruvec().
Co<void> Kernel::shrink_lists(Scan& scan, Memcg& group, int node, Pages& group_scanned,
                              Pages& group_reclaimed) {
  const int swappiness = group.swappiness.value_or(sysctls_.swappiness);
  const bool anon_allowed =
      scan.may_swap && can_swap(group) && (swappiness > 0 || scan.top->is_root());
  const auto size = [&](ListKind kind) { return list_at(group, node, kind).pages; };
  const Pages anon = size(ListKind::inactive_anon) + size(ListKind::active_anon);
  const Pages file = size(ListKind::inactive_file) + size(ListKind::active_file);
  if (anon + file <= Pages(0)) co_return;
  const Pages protection =
      std::max(group.effective_min, scan.memcg_low ? Pages(0) : group.effective_low);
  const auto share = [&](Pages pages) {
    if (protection > Pages(0) && !group.is_root()) {
      const Bytes left =
          scannable(bytes_of(pages), bytes_of(group.memory.usage), bytes_of(protection));
      pages = std::max(floor_pages(left, PageSize::k4K), std::min(pages, kCluster));
    }
    return Pages(pages.count() >> scan.priority);
  };
  Pages anon_scan = anon_allowed ? share(anon) : Pages(0);
  Pages file_scan = share(file);
  if (anon_allowed && file > Pages(0) && scan.priority > 0) {
    // cache_trim_mode: as long as there is much file memory that nobody used lately.
    if ((size(ListKind::inactive_file).count() >> scan.priority) > 0) {
      anon_scan = Pages(0);
    } else {
      anon_scan = anon_scan * swappiness / 200;
      file_scan = file_scan * (200 - swappiness) / 200;
    }
  }
  for (const bool is_file : {false, true}) {
    Pages left = is_file ? file_scan : anon_scan;
    const ListKind inactive = is_file ? ListKind::inactive_file : ListKind::inactive_anon;
    const ListKind active = is_file ? ListKind::active_file : ListKind::active_anon;
    while (left > Pages(0) && scan.reclaimed + group_reclaimed < scan.target + kCluster) {
      const Pages at_once = std::min(left, kCluster);
      if (size(inactive) < size(active)) shrink_active(group, node, is_file, at_once);
      if (size(inactive) <= Pages(0)) break;
      group_reclaimed += co_await shrink_inactive(scan, group, node, is_file, at_once);
      group_scanned += at_once;
      left -= at_once;
    }
  }
}

// The oldest of the active go to the inactive, and have to be used again to come back.
void Kernel::shrink_active(Memcg& group, int node, bool file, Pages count) {
  PageList& active = list_at(group, node, file ? ListKind::active_file : ListKind::active_anon);
  while (count > Pages(0) && active.oldest != nullptr) {
    Extent* extent = active.oldest;
    if (extent->count > count) extent = &split(*extent, count);
    count -= extent->count;
    list_out(*extent);
    extent->young = extent->referenced = false;
    list_in(*extent, file ? ListKind::inactive_file : ListKind::inactive_anon);
  }
}

// shrink_inactive_list(): a page that was used is kept the first time and becomes active the
// second; the others go.
Co<Pages> Kernel::shrink_inactive(Scan& scan, Memcg& group, int node, bool file, Pages count) {
  const ListKind kind = file ? ListKind::inactive_file : ListKind::inactive_anon;
  PageList& list = list_at(group, node, kind);
  auto& pgscan = scan.is_kswapd ? vmstat_.pgscan_kswapd : vmstat_.pgscan_direct;
  auto& pgsteal = scan.is_kswapd ? vmstat_.pgsteal_kswapd : vmstat_.pgsteal_direct;
  // Of a cgroup's own reclaim /proc/vmstat knew nothing: seen up to 6.12, not on 7.2.
  const bool counts = scan.top->is_root() || profile_.version >= KernelVersion{7, 0};
  Pages reclaimed;
  SimTime cost{0};
  while (count > Pages(0) && list.oldest != nullptr) {
    Extent* extent = list.oldest;
    if (extent->count > count) extent = &split(*extent, count);
    const Pages pages = extent->count;
    count -= pages;
    if (counts) pgscan += pages.count();
    group.own.pgscan += pages.count();
    cost += profile_.costs.scan * pages.count();
    if (extent->young) {
      list_out(*extent);
      const bool activate = extent->referenced;
      extent->young = false;
      extent->referenced = true;
      list_in(*extent, activate ? (file ? ListKind::active_file : ListKind::active_anon) : kind);
      continue;
    }
    if (!file) {
      const Pages room = swap_room(group);
      if (room < pages) {
        if (room <= Pages(0)) {
          list_out(*extent);
          list_in(*extent, kind);
          const bool host = machine_.swap().free() <= Pages(0);
          if (!host) {
            for (Memcg* each = &group; !each->is_root(); each = each->parent) {
              if (each->swap.usage < each->swap.max) continue;
              ++each->swap_events[static_cast<std::size_t>(SwapEvent::max)];
              ++each->swap_events[static_cast<std::size_t>(SwapEvent::fail)];
              break;
            }
          }
          continue;
        }
        extent = &split(*extent, room);
        count += pages - extent->count;
      }
      const Pages out = extent->count;
      swap_out(*extent);
      const bool zram = machine_.swap().kind == SwapKind::zram;
      cost += (zram ? profile_.costs.compress : profile_.costs.swap_out) * out.count();
      reclaimed += out;
    } else {
      if (extent->dirty) cost += profile_.costs.swap_out * pages.count();
      reclaimed += pages;
      drop(*extent);
    }
  }
  if (counts) pgsteal += reclaimed.count();
  group.own.pgsteal += reclaimed.count();
  co_await spend(*scan.thread, std::max(cost, SimTime(1)));
  co_return reclaimed;
}

// mm/vmpressure.c: how much of what was looked at could be had, in windows.
void Kernel::vmpressure(Memcg& group, Pages scanned, Pages reclaimed) {
  if (cgroup_ != CgroupVersion::v1 || scanned <= Pages(0)) return;
  group.scanned += scanned;
  group.reclaimed += reclaimed;
  if (group.scanned < kPressureWindow) return;
  const std::int64_t all = (group.scanned + group.reclaimed).count();
  const std::int64_t had = group.reclaimed.count() * all / group.scanned.count();
  const std::int64_t percent = (all - had) * 100 / all;
  group.scanned = group.reclaimed = Pages(0);
  witness_.pressed(group, percent >= 95 ? "critical" : percent >= 60 ? "medium" : "low");
}

void Kernel::vmpressure_priority(Memcg& group, int priority) {
  if (priority <= kPressureCritical) vmpressure(group, kPressureWindow, Pages(0));
}

}  // namespace oomkit::sim
