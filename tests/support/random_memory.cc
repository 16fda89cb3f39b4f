#include <array>
#include <string_view>

#include "tests/support/random_parts.h"

namespace oomkit::test {
namespace {

constexpr std::array<std::string_view, 21> kCounters = {"active_anon",
                                                        "inactive_anon",
                                                        "isolated_anon",
                                                        "active_file",
                                                        "inactive_file",
                                                        "isolated_file",
                                                        "unevictable",
                                                        "dirty",
                                                        "writeback",
                                                        "unstable",
                                                        "free",
                                                        "slab_reclaimable",
                                                        "slab_unreclaimable",
                                                        "mapped",
                                                        "shmem",
                                                        "pagetables",
                                                        "sec_pagetables",
                                                        "bounce",
                                                        "kernel_misc_reclaimable",
                                                        "free_pcp",
                                                        "free_cma"};

constexpr std::array<std::string_view, 23> kNodeWords = {
    "active_anon",     "inactive_anon",     "active_file",    "inactive_file",
    "unevictable",     "isolated(anon)",    "isolated(file)", "mapped",
    "dirty",           "writeback",         "shmem",          "shmem_thp",
    "shmem_pmdmapped", "anon_thp",          "writeback_tmp",  "unstable",
    "kernel_stack",    "shadow_call_stack", "pagetables",     "sec_pagetables",
    "Balloon",         "gpu_active",        "gpu_reclaim"};

constexpr std::array<std::string_view, 31> kZoneWords = {"min",
                                                         "low",
                                                         "high",
                                                         "boost",
                                                         "reserved_highatomic",
                                                         "free_highatomic",
                                                         "active_anon",
                                                         "inactive_anon",
                                                         "active_file",
                                                         "inactive_file",
                                                         "unevictable",
                                                         "writepending",
                                                         "zspages",
                                                         "present",
                                                         "managed",
                                                         "mlocked",
                                                         "isolated(anon)",
                                                         "isolated(file)",
                                                         "dirty",
                                                         "writeback",
                                                         "mapped",
                                                         "shmem",
                                                         "slab_reclaimable",
                                                         "slab_unreclaimable",
                                                         "kernel_stack",
                                                         "pagetables",
                                                         "unstable",
                                                         "bounce",
                                                         "free_pcp",
                                                         "local_pcp",
                                                         "free_cma"};

constexpr std::array<std::string_view, 4> kZoneNames = {"DMA", "DMA32", "Normal", "Movable"};

constexpr std::array<std::string_view, 6> kCaches = {
    "kmalloc-64", "kmalloc-rnd-05-2k",       "btrfs_extent_map", "TCPv6",
    "bio-88",     "a_cache_with_a_long_name"};

std::string random_migratetypes(Random& random) {
  std::string types;
  for (const char type : {'U', 'M', 'E', 'H', 'C'}) {
    if (random.chance(50)) types.push_back(type);
  }
  return types.empty() ? "U" : types;
}

// The list adds up to the zone's free pages.
void fill_free_blocks(Random& random, Zone& zone, PageSize page_size) {
  KiB total;
  const std::int64_t page_kib = static_cast<std::int64_t>(page_size) / 1024;
  for (int order = 0; order <= 10; ++order) {
    FreeBlocks blocks;
    blocks.count = random.chance(40) ? 0 : random.between(0, 5000);
    blocks.block_size = KiB(page_kib << order);
    if (blocks.count > 0) blocks.migratetypes = random_migratetypes(random);
    total += blocks.block_size * blocks.count;
    zone.free_blocks.push_back(blocks);
  }
  zone.free_blocks_total = total;
  zone.amounts.set("free", total);
}

Zone random_zone(Random& random, std::optional<int> node, std::string_view name,
                 PageSize page_size) {
  Zone zone;
  zone.node = node;
  zone.name = name;
  const std::int64_t page_kib = static_cast<std::int64_t>(page_size) / 1024;
  fill_free_blocks(random, zone, page_size);
  for (const std::string_view word : kZoneWords)
    zone.amounts.set(word, KiB(random_amount(random)));
  zone.amounts.set("present", KiB(random.between(64, 1 << 24) * page_kib));
  zone.pages_scanned = random_amount(random);
  zone.all_unreclaimable = random.chance(50);
  for (int i = 0; i < 4; ++i)
    zone.lowmem_reserve.emplace_back(random_amount(random));
  return zone;
}

void add_node(Random& random, HostMemory& memory, int id, bool numa, PageSize page_size) {
  Node node;
  node.id = id;
  const std::int64_t page_kib = static_cast<std::int64_t>(page_size) / 1024;
  for (const std::string_view word : kNodeWords)
    node.amounts.set(word, KiB(random.between(0, 1 << 22) * page_kib));
  // 4.9 prints these under each other's names, which shows only if they differ.
  node.amounts.set("shmem", KiB(random.between(1, 1 << 22) * page_kib));
  node.amounts.set("shmem_thp", KiB(0));
  node.pages_scanned = random_amount(random);
  node.all_unreclaimable = random.chance(50);
  memory.nodes.push_back(std::move(node));
  for (const std::string_view name : kZoneNames) {
    if (name != "Normal" && (id > 0 || random.chance(30))) continue;
    const std::optional<int> zone_node = numa ? std::optional(id) : std::nullopt;
    memory.zones.push_back(random_zone(random, zone_node, name, page_size));
  }
  for (const std::int64_t size : {2048, 1048576}) {
    if (random.chance(50)) continue;
    const std::int64_t total = random.between(0, 512);
    memory.hugepages.push_back({id, total, random.between(0, total), 0, KiB(size), 0});
  }
}

// Counters that the nodes have too are the sum of theirs, in pages.
void sum_nodes(HostMemory& memory, PageSize page_size) {
  const std::int64_t page_kib = static_cast<std::int64_t>(page_size) / 1024;
  for (const std::string_view word : kCounters) {
    KiB sum;
    bool everywhere = true;
    for (const Node& node : memory.nodes) {
      const auto amount = node.amounts.find(word);
      everywhere = everywhere && amount.has_value();
      if (amount) sum += *amount;
    }
    if (everywhere) memory.counters.set(word, Pages(sum.count() / page_kib));
  }
  KiB present;
  for (const Zone& zone : memory.zones)
    present += *zone.find("present");
  memory.ram = Pages(present.count() / page_kib);
}

}  // namespace

HostMemory random_memory(Random& random, PageSize page_size) {
  HostMemory memory;
  for (const std::string_view word : kCounters)
    memory.counters.set(word, Pages(random_amount(random)));
  const bool numa = random.chance(85);
  const std::int64_t nodes = numa && random.chance(30) ? random.between(2, 8) : 1;
  for (int id = 0; id < nodes; ++id)
    add_node(random, memory, id, numa, page_size);
  sum_nodes(memory, page_size);
  memory.pagecache = Pages(random_amount(random));
  memory.swapcache = Pages(random_amount(random));
  const bool swap = random.chance(60);
  memory.swap_total = KiB(swap ? random.between(1, 1 << 26) : 0);
  memory.swap_free = KiB(random.between(0, memory.swap_total->count()));
  memory.highmem = Pages(random.chance(80) ? 0 : random.between(1, 1 << 20));
  memory.reserved = Pages(memory.ram->count() / 64);
  if (random.chance(70)) memory.cma_reserved = Pages(random.chance(80) ? 0 : 4096);
  if (random.chance(70)) memory.hwpoisoned = Pages(0);
  if (random.chance(15)) {
    for (const std::string_view name : kCaches) {
      const std::int64_t used = random.between(0, 1 << 24);
      memory.unreclaimable_slab.push_back(
          {std::string(name), KiB(used), KiB(used + random.between(0, 4096)), 0});
    }
  }
  return memory;
}

}  // namespace oomkit::test
