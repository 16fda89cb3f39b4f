// Reclaim with generations: how a new one begins. Page tables are walked for what was used since
// they were looked at last; of those that the Bloom filter has, and in which there was something
// used. mm/vmscan.c, try_to_inc_max_seq(), walk_mm() and lru_gen_look_around() of 6.12 and 7.2
#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

constexpr std::int64_t kEntriesOfTable = 512;  // PTRS_PER_PTE
constexpr std::int64_t kPerCacheLine = 8;      // Entries; suitable_to_scan()
constexpr std::int64_t kLookAround = 64;       // What a look around sees at most.

bool is_suitable(std::int64_t total, std::int64_t young) {
  return young * kPerCacheLine >= total;
}

}  // namespace

// False: somebody else walks for this one.
Co<bool> Kernel::try_to_inc_max_seq(Scan& scan, Memcg& group, int node, bool anon) {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  const std::int64_t seq = generations.max_seq;
  if (seq <= generations.walked_seq) co_return false;
  trace([&] { return "inc_max_seq: " + group.path; });
  // iterate_mm_list(): who came since the last walk is looked at whole, and whoever comes behind
  // him; of the others those that have run since.
  bool first = true;
  bool all_tables = false;
  Pages walked;
  scan.has_walked = true;
  for (Process* process : std::vector<Process*>(group.members)) {
    if (process->mm == nullptr || process->mm->memcg != &group) continue;
    if (process->joined > generations.last_joined) all_tables = true;
    const Thread& thread = *process->thread;
    const bool ran = thread.is_running() || thread.dispatched() > process->mm->looked_at;
    if (!all_tables && !ran) continue;
    process->mm->looked_at = now();
    if (std::exchange(first, false))
      generations.filters[static_cast<std::size_t>((seq + 1) % 2)] = ++filters_;
    walked += walk_mm(group, node, *process, all_tables, anon);
  }
  if (!group.members.empty()) generations.last_joined = group.members.back()->joined;
  generations.walked_seq = seq;
  inc_max_seq(group, node, anon);
  co_await spend(*scan.thread, profile_.costs.scan * std::max<std::int64_t>(walked.count(), 1));
  co_return true;
}

void Kernel::inc_max_seq(Memcg& group, int node, bool anon) {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  for (const bool file : {false, true}) {
    if (generations.count(file) < kMostGenerations) continue;
    // inc_min_seq(): what is left in the oldest belongs to the next.
    GenerationsOfKind& kind = generations.of(file);
    const std::size_t from = generation_at(kind.min_seq);
    const std::size_t to = generation_at(kind.min_seq + 1);
    while ((file || anon) && kind.lists[from].newest != nullptr) {
      Extent& extent = *kind.lists[from].newest;
      const std::size_t generation = extent.generation == from ? to : extent.generation;
      list_out(extent);
      extent.generation = extent.stands_in = generation;
      kind.pages[generation] += extent.count;
      kind.lists[generation].push_oldest(extent);
      if (Extent* next = extent.object->at(extent.first + extent.count.count())) join(*next);
    }
    kind.first_tier.carry_over();
    kind.last_tier.carry_over();
    ++kind.min_seq;
  }
  ++generations.max_seq;
}

// How many entries were looked at.
Pages Kernel::walk_mm(Memcg& group, int node, const Process& process, bool all_tables, bool anon) {
  Pages walked;
  for (const Region& region : process.mm->regions) {
    const bool file = region.object->kind == Object::Kind::file;
    if (region.huge || (!file && !anon)) continue;
    walk_tables(group, node, *region.object, region.size.count(), all_tables, walked);
  }
  return walked;
}

// walk_pmd_range()
void Kernel::walk_tables(Memcg& group, int node, Object& object, std::int64_t pages,
                         bool all_tables, Pages& walked) {
  Generations& generations = group.generations[static_cast<std::size_t>(node)];
  const auto test = static_cast<std::size_t>(generations.max_seq % 2);
  const auto add = static_cast<std::size_t>((generations.max_seq + 1) % 2);
  const std::int64_t tables = (pages + kEntriesOfTable - 1) / kEntriesOfTable;
  std::int64_t table = 0;
  while (table < tables) {
    const std::int64_t first_page = object.next_existing(table * kEntriesOfTable, pages);
    if (first_page >= pages) break;
    table = std::max(table, first_page / kEntriesOfTable);
    // As many tables at once as are marked alike and lie in one run of pages.
    std::int64_t end = object.tables.next_change(table, tables);
    const Extent* run = object.at(table * kEntriesOfTable);
    const std::int64_t whole =
        run == nullptr ? 0 : (run->first + run->count.count()) / kEntriesOfTable - table;
    end = std::min(end, table + std::max<std::int64_t>(whole, 1));
    const TableMark mark = object.tables.at(table);
    const bool skipped = !all_tables && mark.untouched;
    const bool in_filter =
        generations.filters[test] == 0 || mark.filters[test] == generations.filters[test];
    if (!skipped && (all_tables || in_filter)) {
      const std::int64_t last = std::min(end * kEntriesOfTable, pages);
      const std::int64_t young = walk_pages(group, node, object, table * kEntriesOfTable, last);
      walked += Pages(last - table * kEntriesOfTable);
      if (is_suitable(last - table * kEntriesOfTable, young)) {
        object.tables.change(table, end,
                             [&](TableMark& its) { its.filters[add] = generations.filters[add]; });
      }
    }
    if (!all_tables) object.tables.change(table, end, [](TableMark& its) { its.untouched = true; });
    table = end;
  }
}

// walk_pte_range(): how many of them were used.
std::int64_t Kernel::walk_pages(Memcg& group, int node, Object& object, std::int64_t first,
                                std::int64_t end) {
  std::int64_t young = 0;
  for (std::int64_t page = object.next_existing(first, end); page < end;
       page = object.next_existing(page, end)) {
    Extent* extent = object.at(page);
    const std::int64_t last = std::min(extent->first + extent->count.count(), end);
    const bool counts = !extent->swapped && extent->young && extent->memcg == &group &&
                        node_of(*extent) == static_cast<std::size_t>(node) &&
                        has_generation(*extent);
    if (counts) {
      if (extent->first < page) {
        split(*extent, Pages(page - extent->first));
        extent = object.at(page);
      }
      if (extent->first + extent->count.count() > last) split(*extent, Pages(last - page));
      extent->object->forget_young();
      extent->young = false;
      update_generation(*extent);
      young += last - page;
    }
    page = last;
  }
  return young;
}

// folio_update_gen(): it belongs to the youngest from now on, and is not moved.
void Kernel::update_generation(Extent& extent) {
  const bool flags = profile_.version >= kUsesAreFlags;
  if (!counts_first_use(extent)) {
    extent.referenced = true;
    return;
  }
  Generations& generations = extent.memcg->generations[node_of(extent)];
  GenerationsOfKind& kind = generations.of(is_file(extent.list));
  kind.pages[extent.generation] -= extent.count;
  extent.generation = generation_at(generations.max_seq);
  kind.pages[extent.generation] += extent.count;
  extent.referenced = false;
  extent.workingset = extent.workingset || flags;
  join(extent);
}

// lru_gen_look_around(): whoever finds a page used by its entry looks at the entries beside it.
void Kernel::look_around(Scan& scan, Extent& extent) {
  Object& object = *extent.object;
  Generations& generations = extent.memcg->generations[node_of(extent)];
  const auto filter = static_cast<std::size_t>(generations.max_seq % 2);
  const std::int64_t begin = extent.first;
  const std::int64_t last = extent.first + extent.count.count();
  std::int64_t seen = std::numeric_limits<std::int64_t>::min();  // Up to there, of this table.
  for (std::int64_t page = begin; page < last; ++page) {
    const std::int64_t table = page / kEntriesOfTable * kEntriesOfTable;
    std::int64_t first = page - kLookAround / 2;
    std::int64_t end = page + kLookAround / 2;
    if (page - table < kLookAround / 2) {
      first = table;
      end = table + kLookAround;
    } else if (table + kEntriesOfTable - page < kLookAround / 2) {
      end = table + kEntriesOfTable;
      first = end - kLookAround;
    }
    const std::int64_t young = look_at(scan, extent, std::max(first, seen), end);
    seen = page + 1 == table + kEntriesOfTable ? std::numeric_limits<std::int64_t>::min() : end;
    if (!is_suitable(kLookAround, young) || generations.filters[filter] == 0) continue;
    object.tables.change(table / kEntriesOfTable, table / kEntriesOfTable + 1, [&](TableMark& its) {
      its.filters[filter] = generations.filters[filter];
    });
  }
}

// How many of those pages were used. What reclaim has isolated itself it does not see.
std::int64_t Kernel::look_at(Scan& scan, const Extent& around, std::int64_t first,
                             std::int64_t end) {
  Object& object = *around.object;
  Memcg& group = *around.memcg;
  std::int64_t young = 0;
  for (std::int64_t page = object.next_existing(std::max<std::int64_t>(first, 0), end); page < end;
       page = object.next_existing(page, end)) {
    Extent* extent = object.at(page);
    const std::int64_t last = std::min(extent->first + extent->count.count(), end);
    const bool counts = !extent->swapped && extent->young && !extent->isolated &&
                        extent->memcg == &group && node_of(*extent) == node_of(around) &&
                        has_generation(*extent);
    if (counts) {
      if (extent->first < page) {
        split(*extent, Pages(page - extent->first));
        extent = object.at(page);
      }
      if (extent->first + extent->count.count() > last) split(*extent, Pages(last - page));
      extent->object->forget_young();
      extent->young = false;
      young += last - page;
      const bool used = counts_first_use(*extent);
      if (scan.has_walked) {
        update_generation(*extent);
      } else if (used) {
        // folio_activate()
        group.own.pgactivate += extent->count.count();
        extent->workingset = extent->workingset || profile_.version >= kUsesAreFlags;
        list_out(*extent);
        enter_generation(*extent, true);
      } else {
        extent->referenced = true;
      }
    }
    page = last;
  }
  return young;
}

// Its page tables were used, and the processor marked the entries above them.
void Kernel::use_tables(Object& object, std::int64_t first, std::int64_t count) {
  if (object.tables.empty()) return;
  const std::int64_t end = (first + count + kEntriesOfTable - 1) / kEntriesOfTable;
  object.tables.change(first / kEntriesOfTable, end, [](TableMark& its) { its.untouched = false; });
}

}  // namespace oomkit::sim
