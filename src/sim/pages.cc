// Extents on their lists: how pages come to be, move, go to swap and come to an end.
#include <algorithm>

#include "core/check.h"
#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

PageList& list_of(Extent& extent, const Machine& machine) {
  const int node = machine.zones()[extent.zone].node;
  return extent.memcg->lists[static_cast<std::size_t>(node)][static_cast<std::size_t>(extent.list)];
}

Pages MemcgStats::*stat_of(const Object& object) {
  return object.kind == Object::Kind::anon ? &MemcgStats::anon : &MemcgStats::file;
}

}  // namespace

// New memory of processes is inactive from 5.9 on (mm/swap.c); file pages always were.
ListKind Kernel::fresh_list(const Object& object) const {
  return object.kind == Object::Kind::file ? ListKind::inactive_file : ListKind::inactive_anon;
}

void Kernel::list_in(Extent& extent, ListKind kind) {
  extent.list = kind;
  list_of(extent, machine_).push(extent);
}

void Kernel::list_out(Extent& extent) {
  list_of(extent, machine_).remove(extent);
}

// Grows the neighbour before it where that is alike and the newest of its list.
Extent& Kernel::add_extent(Object& object, std::int64_t first, Pages count, std::size_t zone,
                           Memcg& group, bool locked) {
  const ListKind kind = locked ? ListKind::unevictable : fresh_list(object);
  object.resident += count;
  count_charge(group, count, stat_of(object), 1);
  if (object.kind == Object::Kind::shmem) count_charge(group, count, &MemcgStats::shmem, 1);
  if (Extent* before = object.at(first - 1); before != nullptr && !before->swapped) {
    const bool alike = before->zone == zone && before->memcg == &group && before->list == kind &&
                       before->young && !before->referenced && !before->dirty &&
                       before->newer == nullptr;
    if (alike) {
      before->count += count;
      list_of(*before, machine_).pages += count;
      return *before;
    }
  }
  Extent& extent = object.extents[first];
  extent = {.object = &object,
            .first = first,
            .count = count,
            .young = object.kind != Object::Kind::file,
            .zone = zone,
            .memcg = &group};
  list_in(extent, kind);
  return extent;
}

Extent& Kernel::split(Extent& extent, Pages count) {
  OOMKIT_CHECK(count > Pages(0) && count < extent.count, "an extent is split inside");
  Object& object = *extent.object;
  const std::int64_t next = extent.first + count.count();
  Extent& rest = object.extents[next];
  rest = extent;
  rest.first = next;
  rest.count = extent.count - count;
  if (extent.swapped) {
    extent.count = count;
    return extent;
  }
  PageList& list = list_of(extent, machine_);
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

void Kernel::drop(Extent& extent) {
  Object& object = *extent.object;
  if (extent.swapped) {
    machine_.swap().used -= extent.count;
    object.swapped -= extent.count;
    for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent) {
      group->swap.usage -= extent.count;
      if (has_memsw()) group->memsw.usage -= extent.count;
    }
  } else {
    list_out(extent);
    object.resident -= extent.count;
    count_charge(*extent.memcg, extent.count, stat_of(object), -1);
    if (object.kind == Object::Kind::shmem)
      count_charge(*extent.memcg, extent.count, &MemcgStats::shmem, -1);
    if (extent.dirty) count_charge(*extent.memcg, extent.count, &MemcgStats::file_dirty, -1);
    uncharge(*extent.memcg, extent.count);
    machine_.give(extent.zone, extent.count);
  }
  object.extents.erase(extent.first);
}

// The charge goes over from memory to swap.
void Kernel::swap_out(Extent& extent) {
  Object& object = *extent.object;
  list_out(extent);
  object.resident -= extent.count;
  object.swapped += extent.count;
  count_charge(*extent.memcg, extent.count, stat_of(object), -1);
  if (object.kind == Object::Kind::shmem)
    count_charge(*extent.memcg, extent.count, &MemcgStats::shmem, -1);
  machine_.give(extent.zone, extent.count);
  machine_.swap().used += extent.count;
  for (Memcg* group = extent.memcg; !group->is_root(); group = group->parent) {
    group->memory.usage -= extent.count;
    group->swap.add(extent.count);
  }
  extent.memcg->own.pswpout += extent.count.count();
  vmstat_.pswpout += extent.count.count();
  extent.swapped = true;
  extent.young = extent.referenced = false;
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

void Kernel::release_object(Object& object) {
  if (--object.users > 0) return;
  while (!object.extents.empty())
    drop(object.extents.begin()->second);
}

}  // namespace oomkit::sim
