// Extents on their lists: how pages come to be, move, go to swap and come to an end.
#include <algorithm>

#include "core/check.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

Pages MemcgStats::*stat_of(const Object& object) {
  return object.kind == Object::Kind::anon ? &MemcgStats::anon : &MemcgStats::file;
}

}  // namespace

// New memory of processes is inactive from 5.9 on (mm/swap.c); file pages always were.
ListKind Kernel::fresh_list(const Object& object, bool active) {
  if (object.kind == Object::Kind::file)
    return active ? ListKind::active_file : ListKind::inactive_file;
  return active ? ListKind::active_anon : ListKind::inactive_anon;
}

std::size_t Kernel::node_of(const Extent& extent) const {
  return static_cast<std::size_t>(machine_.zones()[extent.zone].node);
}

PageList& Kernel::list_of(Extent& extent) {
  const std::size_t node = node_of(extent);
  if (!has_generation(extent))
    return extent.memcg->lists[node][static_cast<std::size_t>(extent.list)];
  return extent.memcg->generations[node].of(is_file(extent.list)).lists[extent.stands_in];
}

Extent& Kernel::list_in(Extent& extent, ListKind kind) {
  extent.list = kind;
  if (has_generation(extent)) return enter_generation(extent, is_active(kind));
  list_of(extent).push(extent);
  return join(extent);
}

void Kernel::list_out(Extent& extent) {
  list_of(extent).remove(extent);
  if (!has_generation(extent)) return;
  Generations& generations = extent.memcg->generations[node_of(extent)];
  generations.of(is_file(extent.list)).pages[extent.generation] -= extent.count;
  extent.isolated = false;
}

void Kernel::add_extent(Object& object, std::int64_t first, Pages count, std::size_t zone,
                        Memcg& group, const Fresh& fresh) {
  object.resident += count;
  count_charge(group, count, stat_of(object), 1);
  if (object.kind == Object::Kind::shmem) count_charge(group, count, &MemcgStats::shmem, 1);
  if (fresh.dirty) count_charge(group, count, &MemcgStats::file_dirty, 1);
  Extent& extent = object.extents[first];
  extent = {.object = &object,
            .first = first,
            .count = count,
            .young = fresh.mapped,
            .referenced = fresh.referenced,
            .workingset = fresh.workingset,
            .dirty = fresh.dirty,
            .zone = zone,
            .memcg = &group};
  // With generations what a process maps or writes to a tmpfs begins as young.
  if (fresh.mapped) use_tables(object, first, count.count());
  const bool young = profile_.generations && object.kind != Object::Kind::file;
  list_in(extent, fresh_list(object, fresh.active || young));
}

// The run of pages before it takes it in, where nothing tells them apart any more and none stands
// between them on their list: what split() did is undone, so that there are as many runs as there
// are differences, and not as many as there once were.
Extent& Kernel::join(Extent& extent) {
  Object& object = *extent.object;
  Extent* before = object.at(extent.first - 1);
  if (before == nullptr || before->swapped != extent.swapped || before->memcg != extent.memcg)
    return extent;
  if (before->workingset != extent.workingset) return extent;
  if (extent.swapped && (extent.is_in_memory() || before->is_in_memory())) return extent;
  if (extent.swapped) {
    const std::int64_t follows = profile_.generations ? 0 : before->count.count();
    const bool one_eviction =
        before->evicted_by == extent.evicted_by && before->eviction + follows == extent.eviction;
    if (!one_eviction) return extent;
  } else {
    const bool alike = before->zone == extent.zone && before->list == extent.list &&
                       before->young == extent.young && before->referenced == extent.referenced &&
                       before->dirty == extent.dirty && before->newer == &extent &&
                       before->generation == extent.generation &&
                       before->isolated == extent.isolated;
    if (!alike) return extent;
    PageList& list = list_of(extent);
    list.remove(extent);
    list.pages += extent.count;
  }
  before->count += extent.count;
  object.erase(extent);
  return *before;
}

Extent& Kernel::split(Extent& extent, Pages count) {
  OOMKIT_CHECK(count > Pages(0) && count < extent.count, "an extent is split inside");
  Object& object = *extent.object;
  const std::int64_t next = extent.first + count.count();
  Extent& rest = object.extents[next];
  rest = extent;
  rest.first = next;
  rest.count = extent.count - count;
  if (!extent.is_in_memory()) {
    if (!profile_.generations) rest.eviction += count.count();
    extent.count = count;
    return extent;
  }
  if (extent.write != nullptr) extent.memcg->writing[node_of(extent)].insert_later(rest, extent);
  PageList& list = list_of(extent);
  list.pages -= rest.count;
  extent.count = count;
  // The first pages are the older ones: the rest stands before them.
  rest.older = &extent;
  rest.newer = extent.newer;
  (extent.newer != nullptr ? extent.newer->older : list.newest) = &rest;
  extent.newer = &rest;
  list.pages += rest.count;
  return extent;
}

// What memory.stat and the process count of it: pages that somebody has mapped, or a file holds.
void Kernel::count_mapped(const Extent& extent, int sign) {
  Object& object = *extent.object;
  object.resident += extent.count * sign;
  count_charge(*extent.memcg, extent.count, stat_of(object), sign);
  if (object.kind == Object::Kind::shmem)
    count_charge(*extent.memcg, extent.count, &MemcgStats::shmem, sign);
}

void Kernel::take_swap(const Extent& extent) {
  machine_.swap().used += extent.count;
  if (extent.object->dense) machine_.swap().dense += extent.count;
  extent.object->swapped += extent.count;
  for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent)
    group->swap.add(extent.count);
  extent.memcg->own.pswpout += extent.count.count();
  vmstat_.pswpout += extent.count.count();
}

void Kernel::give_swap(const Extent& extent) {
  machine_.swap().used -= extent.count;
  if (extent.object->dense) machine_.swap().dense -= extent.count;
  extent.object->swapped -= extent.count;
  for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent)
    group->swap.usage -= extent.count;
}

void Kernel::drop(Extent& extent) {
  Object& object = *extent.object;
  object.forget_young();
  if (extent.swapped) {
    give_swap(extent);
    if (extent.is_in_memory()) swap_cached_ -= extent.count;
    if (has_memsw() && !extent.is_in_memory()) {
      for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent)
        group->memsw.usage -= extent.count;
    }
  } else {
    count_mapped(extent, -1);
    if (extent.dirty) count_charge(*extent.memcg, extent.count, &MemcgStats::file_dirty, -1);
  }
  if (extent.is_in_memory()) {
    forget_write(extent);
    list_out(extent);
    uncharge(*extent.memcg, extent.count);
    machine_.give(extent.zone, extent.count);
  } else if (object.dense) {
    machine_.give(extent.zone, extent.count);
  }
  object.erase(extent);
}

// The charge goes over from memory to swap.
void Kernel::swap_out(Extent& extent) {
  list_out(extent);
  count_mapped(extent, -1);
  take_swap(extent);
  // What zram cannot make smaller it keeps as it is, in a page of its own (zs_malloc(), huge
  // classes): the host has gained nothing.
  if (!extent.object->dense) machine_.give(extent.zone, extent.count);
  for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent)
    group->memory.usage -= extent.count;
  extent.swapped = true;
  extent.object->forget_young();
  extent.young = extent.referenced = false;
  join(extent);
}

void Kernel::drop_range(Object& object, std::int64_t first, std::int64_t count) {
  const std::int64_t end = first + count;
  std::int64_t page = object.next_existing(first, end);
  while (page < end) {
    Extent* extent = object.at(page);
    if (extent->first < page) {
      split(*extent, Pages(page - extent->first));
      extent = object.at(page);
    }
    if (extent->first + extent->count.count() > end) split(*extent, Pages(end - extent->first));
    drop(*extent);
    page = object.next_existing(page, end);
  }
}

// The first pages that are in memory, and what lies in swap before them.
void Kernel::drop_first(const std::vector<Object*>& objects, Pages pages) {
  for (Object* object : objects) {
    while (pages > Pages(0) && !object->extents.empty()) {
      Extent& extent = object->extents.begin()->second;
      if (!extent.swapped) {
        if (extent.count > pages) split(extent, pages);
        pages -= extent.count;
      }
      drop(extent);
    }
  }
}

void Kernel::release_object(Object& object) {
  if (--object.users > 0) return;
  while (!object.extents.empty())
    drop(object.extents.begin()->second);
}

}  // namespace oomkit::sim
