// Reclaim: which pages go, of which cgroup, and when it gives up. mm/vmscan.c
#include <algorithm>
#include <utility>

#include "kernel/memcg_protection.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr int kDefaultPriority = 12;  // DEF_PRIORITY
constexpr Pages kCluster(32);         // SWAP_CLUSTER_MAX
// Direct reclaim goes on at the group where the one before it stopped, and stops when it has
// enough.
constexpr KernelVersion kPartialWalks{6, 10};

Bytes bytes_of(Pages pages) {
  return to_bytes(pages, PageSize::k4K);
}

// mem_cgroup_iter() with a cookie: the groups below `top` in turn, where everybody's last walk
// stopped. Nothing: all were visited, or somebody else came to the end meanwhile.
class SharedWalk {
 public:
  SharedWalk(Memcg& top, int node)
      : place_(top.walks[static_cast<std::size_t>(node)]),
        groups_(MemcgTree::subtree(top)),
        cycle_(place_.cycle) {}

  Memcg* next() {
    const bool first = std::exchange(first_, false);
    if (!first && place_.cycle != cycle_) return nullptr;
    auto at = std::find(groups_.begin(), groups_.end(), place_.at);
    if (at != groups_.end())
      ++at;
    else
      at = groups_.begin();
    if (at == groups_.end()) {
      ++place_.cycle;
      place_.at = nullptr;
      if (!first) return nullptr;
      at = groups_.begin();
    }
    place_.at = *at;
    return *at;
  }

 private:
  GroupWalk& place_;
  std::vector<Memcg*> groups_;
  std::int64_t cycle_;
  bool first_ = true;
};

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
      sum += MemcgTree::own_listed(*group, node, ListKind::inactive_file);
      sum += MemcgTree::own_listed(*group, node, ListKind::active_file);
      if (machine_.swap().free() <= Pages(0)) continue;
      sum += MemcgTree::own_listed(*group, node, ListKind::inactive_anon);
      sum += MemcgTree::own_listed(*group, node, ListKind::active_anon);
    }
  }
  return sum;
}

// do_try_to_free_pages(): the whole way down the priorities. Where nothing was had it is done
// again: through all groups (from 6.10 on), with the active pages that were left alone, then
// without memory.low where that was in the way.
Co<Pages> Kernel::try_to_free(Scan& scan) {
  scan.target = std::max(scan.target, kCluster);
  if (scan.nodes.empty()) {
    for (int node = 0; node < static_cast<int>(machine_.nodes()); ++node)
      scan.nodes.push_back(node);
  }
  while (true) {
    for (scan.priority = kDefaultPriority; scan.priority >= 0; --scan.priority) {
      if (!scan.top->is_root()) vmpressure_priority(*scan.top, scan.priority);
      for (const int node : scan.nodes)
        co_await shrink_node(scan, node);
      if (scan.reclaimed >= scan.target) break;
    }
    for (const int node : scan.nodes)
      snapshot_refaults(*scan.top, node);
    if (scan.reclaimed > Pages(0)) co_return scan.reclaimed;
    if (profile_.version >= kPartialWalks && !std::exchange(scan.full_walk, true)) continue;
    if (std::exchange(scan.skipped_deactivate, false)) {
      scan.force_deactivate = true;
    } else if (std::exchange(scan.low_skipped, false)) {
      scan.force_deactivate = false;
      scan.memcg_low = true;
    } else {
      co_return Pages(0);
    }
  }
}

Co<void> Kernel::shrink_node(Scan& scan, int node) {
  const Pages scanned_before = scan.scanned;
  const Pages reclaimed_before = scan.reclaimed;
  prepare_scan(scan, node);
  co_await spend(*scan.thread, profile_.costs.reclaim);
  const bool partial = profile_.version >= kPartialWalks && !scan.is_kswapd && !scan.full_walk &&
                       !scan.top->is_root();
  SharedWalk shared(*scan.top, node);
  std::vector<Memcg*> all = MemcgTree::subtree(*scan.top);
  for (std::size_t i = 0; i < all.size() || partial; ++i) {
    Memcg* group = partial ? shared.next() : all[i];
    if (group == nullptr) break;
    set_protection(*scan.top, *group);
    co_await spend(*scan.thread, MemcgTree::has_listed(*group, node)
                                     ? profile_.costs.reclaim_filled
                                     : profile_.costs.reclaim_empty);
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
    if (profile_.generations) {
      co_await shrink_generations(scan, *group, node);
    } else {
      co_await shrink_lruvec(scan, *group, node);
    }
    if (partial && scan.reclaimed >= scan.target) break;
  }
  // Whoever gets something gives kswapd hope.
  if (scan.reclaimed > reclaimed_before) kswapds_[static_cast<std::size_t>(node)].failures = 0;
  if (!scan.top->is_root())
    vmpressure(*scan.top, scan.scanned - scanned_before, scan.reclaimed - reclaimed_before);
}

// balance_pgdat(): until some zone is above its high mark; false where nothing was had at all.
Co<bool> Kernel::balance_node(Scan& scan, int node) {
  for (scan.priority = kDefaultPriority; scan.priority >= 1;) {
    if (machine_.is_balanced(node)) break;
    if (!profile_.generations) co_await age_active_anon(scan, node);
    // As much as would bring each zone to its mark.
    scan.target = Pages(0);
    for (const SimZone& zone : machine_.zones()) {
      if (zone.node == node) scan.target += std::max(zone.levels.high, kCluster);
    }
    if (profile_.generations) scan.priority = first_priority(scan, node);
    const Pages scanned = scan.scanned;
    const Pages reclaimed = scan.reclaimed;
    co_await shrink_node(scan, node);
    if (scan.scanned - scanned < scan.target || scan.reclaimed == reclaimed) --scan.priority;
  }
  snapshot_refaults(*scan.top, node);
  co_return scan.reclaimed > Pages(0);
}

}  // namespace oomkit::sim
