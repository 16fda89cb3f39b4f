// What comes back soon: refaults, and what it costs to take pages. mm/workingset.c, mm/swap.c
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

LruBalance& balance_of(Memcg& group, int node) {
  return group.balance[static_cast<std::size_t>(node)];
}

}  // namespace

// workingset_age_nonresident()
void Kernel::age_nonresident(Memcg& group, int node, Pages pages) {
  for (Memcg* each = &group; each != nullptr; each = each->parent)
    balance_of(*each, node).nonresident_age += pages.count();
}

// lru_note_cost(): what is older counts for less.
void Kernel::note_cost(Memcg& group, int node, bool file, Pages pages) {
  for (Memcg* each = &group; each != nullptr; each = each->parent) {
    LruBalance& balance = balance_of(*each, node);
    (file ? balance.file_cost : balance.anon_cost) += pages.count();
    const std::int64_t cost = balance.anon_cost + balance.file_cost;
    if (cost == 0) continue;
    Pages listed;
    for (const ListKind kind : {ListKind::inactive_anon, ListKind::active_anon,
                                ListKind::inactive_file, ListKind::active_file})
      listed += MemcgTree::listed(*each, node, kind);
    if (cost <= listed.count() / 4) continue;
    balance.anon_cost /= 2;
    balance.file_cost /= 2;
  }
}

void Kernel::snapshot_refaults(Memcg& top, int node) {
  LruBalance& balance = balance_of(top, node);
  balance.activated_before = balance.activated;
}

// workingset_eviction(): at the limit of which group, and its age.
void Kernel::note_eviction(Extent& extent, Memcg& top) {
  const int node = machine_.zones()[extent.zone].node;
  extent.evicted_by = &top;
  extent.eviction = balance_of(top, node).nonresident_age;
  age_nonresident(top, node, extent.count);
}

// workingset_refault(), of the first page: it becomes active at once if no more went since than
// what it would have had to stand back behind.
Kernel::Fresh Kernel::refault(const Extent& extent, std::size_t zone) {
  Fresh fresh;
  if (profile_.generations) {
    note_refault(extent, fresh);
    return fresh;
  }
  fresh.workingset = true;  // Whatever is read from swap.
  if (extent.evicted_by == nullptr) return fresh;
  const int node = machine_.zones()[zone].node;
  const Memcg& top = *extent.evicted_by;
  const auto listed = [&](ListKind kind) { return MemcgTree::listed(top, node, kind); };
  Pages size = listed(ListKind::active_file) + listed(ListKind::inactive_file);
  if (can_swap(*extent.memcg)) size += listed(ListKind::active_anon);
  const std::int64_t age = top.balance[static_cast<std::size_t>(node)].nonresident_age;
  if (age - extent.eviction > size.count()) return fresh;
  fresh.active = true;
  age_nonresident(*extent.memcg, node, Pages(1));
  for (Memcg* each = extent.memcg; each != nullptr; each = each->parent)
    ++balance_of(*each, node).activated[0];
  ++extent.memcg->own.activate_anon;
  if (extent.workingset) note_cost(*extent.memcg, node, false, Pages(1));
  return fresh;
}

// mark_page_accessed(): by read() and write(), not through a mapping.
void Kernel::mark_accessed(Extent& extent) {
  if (extent.list == ListKind::unevictable || !extent.referenced) {
    extent.referenced = true;
    join(extent);
    return;
  }
  if (profile_.generations || is_active(extent.list)) return;
  list_out(extent);
  extent.referenced = false;
  age_nonresident(*extent.memcg, machine_.zones()[extent.zone].node, extent.count);
  extent.memcg->own.pgactivate += extent.count.count();
  list_in(extent, fresh_list(*extent.object, true));
}

}  // namespace oomkit::sim
