// The host's memory as show_mem() prints it.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "klog/writer_parts.h"

namespace oomkit {
namespace {

constexpr std::string_view kPagesScanned = "pages_scanned";
constexpr std::string_view kAllUnreclaimable = "all_unreclaimable?";

// Older words for the sum of newer ones.
struct OlderWord {
  std::string_view word;
  std::string_view first;
  std::string_view second;
};
constexpr OlderWord kOlderWords[] = {
    {"active", "active_anon", "active_file"},
    {"inactive", "inactive_anon", "inactive_file"},
    {"slab", "slab_reclaimable", "slab_unreclaimable"},
};

// "Active_anon" begins a sentence on old kernels; it is the same counter.
std::string plain_word(std::string_view word) {
  std::string plain(word);
  if (!plain.empty() && plain.front() == 'A') plain.front() = 'a';
  return plain;
}

template <class Unit>
std::optional<Unit> find_amount(const NamedAmounts<Unit>& amounts, std::string_view word) {
  if (const auto amount = amounts.find(word)) return amount;
  const std::string plain = plain_word(word);
  if (const auto amount = amounts.find(plain)) return amount;
  for (const OlderWord& older : kOlderWords) {
    if (older.word != plain) continue;
    const auto first = amounts.find(older.first);
    const auto second = amounts.find(older.second);
    if (first && second) return *first + *second;
  }
  return std::nullopt;
}

// Those amounts that stand in the list, in its order and by its words. A line without its
// first word would not be known for what it is, and is left out.
template <class Unit>
NamedAmounts<Unit> in_order(const NamedAmounts<Unit>& amounts, std::string_view list) {
  NamedAmounts<Unit> ordered;
  bool line_begun = false;
  bool line_kept = true;
  Words words(list);
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    if (word == kPagesScanned || word == kAllUnreclaimable) continue;
    const bool line_end = word == "\n";
    const auto amount = line_end ? std::nullopt : find_amount(amounts, word);
    if (!line_begun) line_kept = amount.has_value();
    line_begun = !line_end;
    if (amount && line_kept) ordered.set(plain_word(word), *amount);
  }
  return ordered;
}

bool has_word(std::string_view list, std::string_view wanted) {
  Words words(list);
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    if (word == wanted) return true;
  }
  return false;
}

// The arguments of 4.9's node line were in another order than its words.
void rotate_shmem(NamedAmounts<KiB>& amounts) {
  const auto shmem = amounts.find("shmem");
  const auto shmem_thp = amounts.find("shmem_thp");
  const auto shmem_pmdmapped = amounts.find("shmem_pmdmapped");
  const auto anon_thp = amounts.find("anon_thp");
  if (!shmem || !shmem_thp || !shmem_pmdmapped || !anon_thp) return;
  amounts.set("shmem", *shmem_thp);
  amounts.set("shmem_thp", *shmem_pmdmapped);
  amounts.set("shmem_pmdmapped", *anon_thp);
  amounts.set("anon_thp", *shmem);
}

void reduce_zone(Zone& zone, const MemoryFormat& format) {
  zone.amounts = in_order(zone.amounts, format.zone);
  if (!has_word(format.zone, kPagesScanned)) zone.pages_scanned.reset();
  if (!has_word(format.zone, kAllUnreclaimable)) zone.all_unreclaimable.reset();
  if (zone.amounts.empty()) {
    zone.lowmem_reserve.clear();
    zone.pages_scanned.reset();
    zone.all_unreclaimable.reset();
  }
  if (zone.free_blocks.empty()) {
    zone.free_blocks_total.reset();
    return;
  }
  KiB total;
  for (FreeBlocks& blocks : zone.free_blocks) {
    if (!format.migratetypes || blocks.count == 0) blocks.migratetypes.clear();
    total += blocks.block_size * blocks.count;
  }
  if (!zone.free_blocks_total) zone.free_blocks_total = total;
}

void reduce_nodes(HostMemory& memory, const MemoryFormat& format) {
  if (format.node.empty()) {
    memory.nodes.clear();
    return;
  }
  for (Node& node : memory.nodes) {
    node.amounts = in_order(node.amounts, format.node);
    if (format.node_shmem_rotated) rotate_shmem(node.amounts);
    if (!has_word(format.node, kPagesScanned)) node.pages_scanned.reset();
  }
  std::erase_if(memory.nodes, [](const Node& node) { return node.amounts.empty(); });
}

void write_counters(const HostMemory& memory, const MemoryFormat& format, LineWriter& out) {
  if (memory.counters.empty()) return;
  Words words(format.counters);
  bool line_open = false;
  bool first_line = true;
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    if (word == "\n") {
      if (line_open) out.end();
      first_line = first_line && !line_open;
      line_open = false;
      continue;
    }
    const auto amount = memory.counters.find(plain_word(word));
    if (!amount) continue;
    if (line_open || !first_line) out.text(" ");
    out.text(word).text(":").number(amount->count());
    line_open = true;
  }
  if (line_open) out.end();
}

// Of a node or a zone, which have the same fields.
template <class Place>
void write_amounts(const Place& place, std::string_view list, const MemoryFormat& format,
                   LineWriter& out) {
  Words words(list);
  for (auto word = words.next(); !word.empty(); word = words.next()) {
    if (word == kPagesScanned) {
      if (place.pages_scanned) out.text(" pages_scanned:").number(*place.pages_scanned);
      continue;
    }
    if (word == kAllUnreclaimable) {
      if (place.all_unreclaimable)
        out.text(" all_unreclaimable? ").text(*place.all_unreclaimable ? "yes" : "no");
      continue;
    }
    const auto amount = place.amounts.find(word);
    if (!amount) continue;
    const bool thp = word == "shmem_thp" || word == "shmem_pmdmapped" || word == "anon_thp";
    const bool highatomic = word == "reserved_highatomic" || word == "free_highatomic";
    out.text(" ").text(word).text(thp && format.node_thp_blank ? ": " : ":");
    out.number(amount->count()).text(highatomic ? format.highatomic_unit : "kB");
  }
  out.end();
}

void write_zone_name(const Zone& zone, LineWriter& out) {
  if (zone.node) out.text("Node ").number(*zone.node).text(" ");
  out.text(zone.name);
}

void write_free_blocks(const Zone& zone, LineWriter& out) {
  write_zone_name(zone, out);
  out.text(": ");
  for (const FreeBlocks& blocks : zone.free_blocks) {
    out.number(blocks.count).text("*").kib(blocks.block_size).text(" ");
    if (!blocks.migratetypes.empty()) out.text("(").text(blocks.migratetypes).text(") ");
  }
  out.text("= ").kib(*zone.free_blocks_total).end();
}

void write_pages(const std::optional<Pages>& pages, std::string_view words, LineWriter& out) {
  if (pages) out.number(pages->count()).text(" ").text(words).end();
}

void write_swap(const HostMemory& memory, const MemoryFormat& format, LineWriter& out) {
  if (format.pagecache) write_pages(memory.pagecache, "total pagecache pages", out);
  if (format.swapcache) write_pages(memory.swapcache, "pages in swap cache", out);
  if (memory.swap_free) out.text("Free swap  = ").kib(*memory.swap_free).end();
  if (memory.swap_total) out.text("Total swap = ").kib(*memory.swap_total).end();
  if (memory.swap_free && format.free_swap_again)
    out.text("Free swap:       ").padded(memory.swap_free->count(), 6).text("kB").end();
}

void write_ram(const HostMemory& memory, const MemoryFormat& format, LineWriter& out) {
  if (format.ram == RamForm::of_ram) {
    write_pages(memory.ram, "pages of RAM", out);
    write_pages(memory.reserved, "reserved pages", out);
    write_pages(memory.swapcache, "pages swap cached", out);
    return;
  }
  write_pages(memory.ram, "pages RAM", out);
  write_pages(memory.highmem,
              format.ram == RamForm::ram ? "pages HighMem" : "pages HighMem/MovableOnly", out);
  write_pages(memory.reserved, "pages reserved", out);
  write_pages(memory.cma_reserved, "pages cma reserved", out);
  write_pages(memory.hwpoisoned, "pages hwpoisoned", out);
}

}  // namespace

void reduce_memory(OomReport& report, const Printing& printing) {
  const MemoryFormat& format = printing.format.memory;
  if (!report.at.host_memory) return;
  if (printing.memcg_scope && !format.in_memcg_report) {
    report.at.host_memory.reset();
    return;
  }
  HostMemory& memory = *report.at.host_memory;
  memory.counters = in_order(memory.counters, format.counters);
  reduce_nodes(memory, format);
  for (Zone& zone : memory.zones)
    reduce_zone(zone, format);
  std::erase_if(memory.zones,
                [](const Zone& zone) { return zone.amounts.empty() && zone.free_blocks.empty(); });
  if (!format.hugepages) memory.hugepages.clear();
  for (HugepagePool& pool : memory.hugepages) {
    if (!pool.node) pool.node = 0;
  }
  if (!format.slab_list) memory.unreclaimable_slab.clear();
  if (!format.pagecache) memory.pagecache.reset();
  if (format.ram == RamForm::of_ram) memory.highmem.reset();
  if (!format.cma_reserved) memory.cma_reserved.reset();
  if (!format.hwpoisoned) memory.hwpoisoned.reset();
}

void write_memory(const HostMemory& memory, const Printing& printing, LineWriter& out) {
  const MemoryFormat& format = printing.format.memory;
  out.text(format.title).end();
  write_counters(memory, format, out);
  for (const Node& node : memory.nodes) {
    out.text("Node ").number(node.id);
    write_amounts(node, format.node, format, out);
  }
  for (const Zone& zone : memory.zones) {
    if (zone.amounts.empty()) continue;
    write_zone_name(zone, out);
    write_amounts(zone, format.zone, format, out);
    if (zone.lowmem_reserve.empty()) continue;
    out.text("lowmem_reserve[]:");
    for (const Pages reserve : zone.lowmem_reserve)
      out.text(" ").number(reserve.count());
    out.end();
  }
  for (const Zone& zone : memory.zones) {
    if (!zone.free_blocks.empty()) write_free_blocks(zone, out);
  }
  for (const HugepagePool& pool : memory.hugepages) {
    out.text("Node ").number(*pool.node).text(" hugepages_total=").number(pool.total);
    out.text(" hugepages_free=").number(pool.free).text(" hugepages_surp=").number(pool.surplus);
    out.text(" hugepages_size=").kib(pool.page_size).end();
  }
  write_swap(memory, format, out);
  write_ram(memory, format, out);
  if (memory.unreclaimable_slab.empty()) return;
  out.text("Unreclaimable slab info:").end();
  out.text("Name                      Used          Total").end();
  for (const SlabCache& cache : memory.unreclaimable_slab) {
    out.left(cache.name, 17).text(" ").padded(cache.used.count(), 10).text("KB ");
    out.padded(cache.total.count(), 10).text("KB").end();
  }
}

}  // namespace oomkit
