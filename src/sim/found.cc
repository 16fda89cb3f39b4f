// The model begins in the middle of a host's life: its zones, processes and page cache as they
// were found.
#include <algorithm>

#include "sim/kernel.h"

namespace oomkit::sim {

void Machine::adopt(const FoundHost& found) {
  zones_.clear();
  std::vector<ManagedZone> managed;
  std::vector<ZoneLevels> levels;
  for (const FoundZone& each : found.zones) {
    SimZone zone;
    zone.node = each.node;
    zone.name = each.name;
    zone.index = each.name == "DMA" ? 0 : each.name == "DMA32" ? 1 : 2;
    zone.present = zone.spanned = each.present;
    zone.managed = each.managed;
    zone.free = each.free;
    zone.pcp_high = each.levels.low;
    zone.levels = each.levels;
    zone.reserve = each.reserve;
    managed.push_back({zone.node, zone.name, zone.managed});
    levels.push_back(zone.levels);
    zones_.push_back(std::move(zone));
  }
  totalreserve_ = oomkit::totalreserve(managed, levels);
  min_free_ = found.min_free;
  swap_.used = std::min(found.swap_used, swap_.total);
}

void Kernel::adopt(const FoundHost& found) {
  machine_.adopt(found);
  committed_ = CommittedMemory(found.committed);
  slab_reclaimable_ = found.slab_reclaimable;
  slab_unreclaimable_ = found.slab_unreclaimable;
  kernel_stack_ = found.kernel_stack;
  page_tables_ = found.page_tables;
  for (const SimZone& zone : machine_.zones())
    unplaced_.push_back(zone.managed - zone.free);
}

// Pages that are in use already: in the highest zone that has some which nobody was given yet.
Pages Kernel::place(Object& object, std::int64_t first, Pages count, Memcg& group) {
  Pages placed;
  for (std::size_t zone = unplaced_.size(); zone-- > 0 && placed < count;) {
    const Pages part = std::min(unplaced_[zone], count - placed);
    if (part <= Pages(0)) continue;
    add_extent(object, first + placed.count(), part, zone, group,
               {.mapped = object.kind != Object::Kind::file});
    unplaced_[zone] -= part;
    placed += part;
  }
  for (Memcg* each = &group; !each->is_root(); each = each->parent)
    each->memory.add(placed);
  return placed;
}

Process& Kernel::adopt_process(std::string_view comm, const FoundTask& task, Memcg& group) {
  Process& process = new_process(comm, nullptr, 0);
  process.pid = task.pid;
  next_pid_ = std::max(next_pid_, task.pid + 1);
  process.mm = std::make_shared<Mm>();
  Mm& mm = *process.mm;
  mm.program_parts = 0xff;
  mm.total_vm = task.total_vm;
  mm.base_anon = task.shared_anon;
  mm.base_file = task.file;
  mm.base_shmem = task.shmem;
  mm.tables = task.tables;
  mm.committed = task.anon + task.swapped;
  join(process, group);
  objects_.push_back(std::make_unique<Object>());
  mm.written = objects_.back().get();
  mm.written->users = 1;
  objects_.push_back(std::make_unique<Object>());
  Object& object = *objects_.back();
  object.users = 1;
  const Pages size = task.anon + task.swapped;
  mm.regions.push_back({&object, size, size, false, false});
  // What went to swap is older than what is in memory.
  if (task.swapped > Pages(0)) {
    object.extents[0] = {
        .object = &object, .count = task.swapped, .swapped = true, .memcg = &group};
    object.swapped = task.swapped;
    for (Memcg* each = &group; !each->is_root(); each = each->parent)
      each->swap.add(task.swapped);
  }
  // Where the zones have fewer pages in use than their processes, the rest is somebody else's too.
  mm.base_anon += task.anon - place(object, task.swapped.count(), task.anon, group);
  mm.by_processor.begin(mm.counts());
  process.held_bytes = to_bytes(size, PageSize::k4K).count();
  return process;
}

// The page cache that is charged to a group, and the kernel's memory, which comes back to nobody.
void Kernel::adopt_memcg(Memcg& group, const FoundMemcg& found) {
  adopt_cache(group, found.active_file, found.inactive_file);
  const Pages rest = std::max(found.usage - group.memory.usage, Pages(0));
  for (Memcg* each = &group; !each->is_root(); each = each->parent)
    each->memory.add(rest);
}

void Kernel::adopt_cache(Memcg& group, Pages active, Pages inactive) {
  const auto listed = [&](ListKind kind) { return MemcgTree::listed(group, kind); };
  active = std::max(active - listed(ListKind::active_file), Pages(0));
  inactive = std::max(inactive - listed(ListKind::inactive_file), Pages(0));
  Object& cache = file("page cache of " + group.path, false);
  const Pages placed = place(cache, 0, active, group);
  std::vector<Extent*> used;
  for (auto& [first, extent] : cache.extents)
    used.push_back(&extent);
  for (Extent* extent : used) {
    list_out(*extent);
    list_in(*extent, ListKind::active_file);
  }
  place(cache, placed.count(), inactive, group);
}

}  // namespace oomkit::sim
