// The memory of a host: nodes, zones, global counters. What show_mem() prints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/units.h"

namespace oomkit {

// Whether two of the kernel's words are the same. Most of one size differ at an end already.
inline bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         (a.empty() || (a.front() == b.front() && a.back() == b.back() && a == b));
}

// Named amounts in the order printed. A dozen names are looked up in a list faster than
// in any map, and the writer needs the order.
template <class Unit>
class NamedAmounts {
 public:
  void set(std::string_view name, Unit amount) {
    for (auto& entry : entries_) {
      if (same_word(entry.first, name)) {
        entry.second = amount;
        return;
      }
    }
    entries_.emplace_back(std::string(name), amount);
  }
  // For a name that is known not to be there yet.
  void add(std::string_view name, Unit amount) { entries_.emplace_back(std::string(name), amount); }
  void reserve(std::size_t count) { entries_.reserve(count); }
  std::optional<Unit> find(std::string_view name) const {
    for (const auto& entry : entries_) {
      if (same_word(entry.first, name)) return entry.second;
    }
    return std::nullopt;
  }
  bool empty() const { return entries_.empty(); }
  const std::vector<std::pair<std::string, Unit>>& entries() const { return entries_; }

  friend bool operator==(const NamedAmounts&, const NamedAmounts&) = default;

 private:
  std::vector<std::pair<std::string, Unit>> entries_;
};

// The free blocks of one order: "12*16kB (UME)".
struct FreeBlocks {
  std::int64_t count = 0;
  KiB block_size;
  std::string migratetypes;  // "UME" from 3.x on; empty when count is 0 or on older kernels.

  friend bool operator==(const FreeBlocks&, const FreeBlocks&) = default;
};

struct Zone {
  std::optional<int> node;  // Absent on a kernel without NUMA.
  std::string name;         // DMA, DMA32, Normal, HighMem, Movable, Device.
  // "free", "boost", "min", "low", "high", "reserved_highatomic", "present", "managed",
  // "free_pcp", "free_cma", ...: kernel words.
  NamedAmounts<KiB> amounts;
  std::optional<std::int64_t> pages_scanned;
  std::optional<bool> all_unreclaimable;
  std::vector<Pages> lowmem_reserve;     // Indexed by the request's highest zone.
  std::vector<FreeBlocks> free_blocks;   // By order; empty if the list is not in the log.
  std::optional<KiB> free_blocks_total;  // The "= 13312kB" at its end.
  std::uint64_t line = 0;
  std::uint64_t free_blocks_line = 0;

  std::optional<KiB> find(std::string_view amount) const { return amounts.find(amount); }
  friend bool operator==(const Zone&, const Zone&) = default;
};

struct Node {
  int id = 0;
  NamedAmounts<KiB> amounts;  // "active_anon", ..., "kernel_stack", "pagetables".
  std::optional<std::int64_t> pages_scanned;
  std::optional<bool> all_unreclaimable;
  std::uint64_t line = 0;

  friend bool operator==(const Node&, const Node&) = default;
};

struct HugepagePool {
  std::optional<int> node;
  std::int64_t total = 0;
  std::int64_t free = 0;
  std::int64_t surplus = 0;
  KiB page_size;
  std::uint64_t line = 0;

  friend bool operator==(const HugepagePool&, const HugepagePool&) = default;
};

// "btrfs_extent_map  26093KB  26093KB" of the unreclaimable slab list.
struct SlabCache {
  std::string name;
  KiB used;
  KiB total;
  std::uint64_t line = 0;

  friend bool operator==(const SlabCache&, const SlabCache&) = default;
};

struct HostMemory {
  NamedAmounts<Pages> counters;  // "active_anon", "slab_unreclaimable", "free", ...
  std::vector<Node> nodes;
  std::vector<Zone> zones;
  std::vector<HugepagePool> hugepages;
  std::vector<SlabCache> unreclaimable_slab;

  std::optional<Pages> pagecache;  // "N total pagecache pages": shmem and buffers included.
  std::optional<Pages> swapcache;
  std::optional<KiB> swap_free;
  std::optional<KiB> swap_total;
  std::optional<Pages> ram;       // "N pages RAM": all that the kernel knows of.
  std::optional<Pages> highmem;   // "N pages HighMem/MovableOnly".
  std::optional<Pages> reserved;  // Never given to the page allocator.
  std::optional<Pages> cma_reserved;
  std::optional<Pages> hwpoisoned;

  std::uint64_t line = 0;  // Of "Mem-Info:".
  std::uint64_t counters_line = 0;
  std::uint64_t ram_line = 0;
  std::uint64_t swap_line = 0;

  friend bool operator==(const HostMemory&, const HostMemory&) = default;
};

}  // namespace oomkit
