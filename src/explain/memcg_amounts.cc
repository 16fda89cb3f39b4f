#include "explain/memcg_amounts.h"

#include <array>
#include <cstdint>

#include "explain/amounts.h"

namespace oomkit {
namespace {

struct PartName {
  std::string_view key;
  std::string_view label;
};

// Each of these is charged as kernel memory, and none contains another: a stack in the
// vmalloc area is charged page by page and not counted as vmalloc.
constexpr std::array<PartName, 8> kKernelParts = {{
    {"slab_unreclaimable", "unreclaimable slab"},
    {"slab_reclaimable", "reclaimable slab"},
    {"kernel_stack", "kernel stacks"},
    {"pagetables", "page tables"},
    {"sec_pagetables", "page tables of guests and devices"},
    {"percpu", "per-cpu data"},
    {"vmalloc", "vmalloc areas"},
    {"zswap", "compressed swap (zswap)"},
}};

// The statistics that are read here. Looked for in one pass over what the report has: a
// report has forty of them, and a log may be nothing but reports.
enum class Stat : std::size_t {
  anon,
  rss,
  file,
  cache,
  shmem,
  sock,
  hugetlb,
  kernel,
  slab,
  file_dirty,
  dirty,
  file_writeback,
  writeback,
  unevictable,
  swapcached,
  active_file,
  inactive_file,
  swap,
  slab_unreclaimable,  // From here on in the order of kKernelParts.
  slab_reclaimable,
  kernel_stack,
  pagetables,
  sec_pagetables,
  percpu,
  vmalloc,
  zswap,
  kCount
};
constexpr std::size_t kStats = static_cast<std::size_t>(Stat::kCount);
constexpr std::array<std::string_view, kStats> kStatNames = {"anon",
                                                             "rss",
                                                             "file",
                                                             "cache",
                                                             "shmem",
                                                             "sock",
                                                             "hugetlb",
                                                             "kernel",
                                                             "slab",
                                                             "file_dirty",
                                                             "dirty",
                                                             "file_writeback",
                                                             "writeback",
                                                             "unevictable",
                                                             "swapcached",
                                                             "active_file",
                                                             "inactive_file",
                                                             "swap",
                                                             "slab_unreclaimable",
                                                             "slab_reclaimable",
                                                             "kernel_stack",
                                                             "pagetables",
                                                             "sec_pagetables",
                                                             "percpu",
                                                             "vmalloc",
                                                             "zswap"};
// For each length the names that have it, as bits.
constexpr auto kByLength = [] {
  std::array<std::uint32_t, 32> lengths{};
  for (std::size_t i = 0; i < kStats; ++i)
    lengths[kStatNames[i].size()] |= std::uint32_t{1} << i;
  return lengths;
}();
static_assert(kStats <= 32, "one bit each");
constexpr std::size_t kFirstPart = static_cast<std::size_t>(Stat::slab_unreclaimable);

// Those of the whole subtree, in whichever form the report has them.
class Stats {
 public:
  explicit Stats(const MemcgReport& memcg) {
    for (const auto& [name, value] : memcg.stat.entries())
      read(name, Bytes(value));
    if (!memcg.stat.empty()) return;
    // Each line of the old form has its own cgroup's amounts only.
    for (const MemcgSubtreeStat& part : memcg.subtree) {
      for (const auto& [name, value] : part.stat.entries()) {
        const std::size_t which = index_of(name);
        if (which == kStats) continue;
        values_[which] = plus(values_[which].value_or(Bytes(0)), Bytes(value));
      }
    }
  }

  std::optional<Bytes> operator()(Stat which) const {
    return values_[static_cast<std::size_t>(which)];
  }
  std::optional<Bytes> part(std::size_t which) const { return values_[kFirstPart + which]; }
  std::optional<Bytes> either(Stat v2, Stat v1) const {
    const auto amount = (*this)(v2);
    return amount ? amount : (*this)(v1);
  }

 private:
  // v1 gives each amount for the group alone, and with total_ for its subtree.
  void read(std::string_view name, Bytes value) {
    constexpr std::string_view kTotal = "total_";
    const bool total = name.compare(0, kTotal.size(), kTotal) == 0;
    const std::size_t which = index_of(total ? name.substr(kTotal.size()) : name);
    if (which == kStats || (!total && values_[which])) return;
    values_[which] = value;
  }

  // By length first: few names share one, and most of what a report has is not read.
  static std::size_t index_of(std::string_view name) {
    if (name.size() >= kByLength.size()) return kStats;
    for (std::uint32_t left = kByLength[name.size()]; left != 0; left &= left - 1) {
      const auto i = static_cast<std::size_t>(__builtin_ctz(left));
      if (kStatNames[i] == name) return i;
    }
    return kStats;
  }

  std::array<std::optional<Bytes>, kStats> values_;
};

void read_kernel(MemcgAmounts& amounts, const Stats& stat, const MemcgReport& memcg) {
  amounts.kernel_parts.reserve(kKernelParts.size());
  for (std::size_t i = 0; i < kKernelParts.size(); ++i) {
    if (const auto amount = stat.part(i)) {
      amounts.kernel_parts.push_back({kKernelParts[i].key, kKernelParts[i].label, *amount});
    }
  }
  if (!stat(Stat::slab_unreclaimable) && !stat(Stat::slab_reclaimable)) {
    if (const auto slab = stat(Stat::slab)) {
      amounts.kernel_parts.push_back({"slab", "slab", *slab});
    }
  }
  if (const auto kernel = stat(Stat::kernel)) {
    amounts.kernel = kernel;
    amounts.kernel_key = "kernel";
  } else if (memcg.kmem && memcg.version.value_or(1) == 1) {
    // v1 charges kernel memory to `memory` as well, and prints its counter. On v2 before
    // 5.3 that counter is printed too and always 0.
    amounts.kernel = to_bytes(memcg.kmem->usage);
    amounts.kernel_key = "kmem";
  }
  amounts.kernel_expected = !amounts.kernel;
}

}  // namespace

Bytes MemcgAmounts::kernel_parts_sum() const {
  Bytes sum(0);
  for (const KernelPart& part : kernel_parts)
    sum = plus(sum, part.amount);
  return sum;
}

std::optional<Bytes> MemcgAmounts::kernel_part(std::string_view key) const {
  for (const KernelPart& part : kernel_parts) {
    if (part.key == key) return part.amount;
  }
  return std::nullopt;
}

std::optional<Bytes> MemcgAmounts::kernel_total() const {
  if (kernel) return kernel;
  if (kernel_parts.empty()) return std::nullopt;
  return kernel_parts_sum();
}

std::optional<MemcgAmounts> memcg_amounts(const MemcgReport& memcg) {
  if (memcg.stat.empty() && memcg.subtree.empty()) return std::nullopt;
  const Stats stat(memcg);
  MemcgAmounts amounts;
  amounts.anon = stat(Stat::anon);
  amounts.anon_key = "anon";
  amounts.file_key = "file";
  amounts.file = stat(Stat::file);
  if (!amounts.anon) {
    amounts.anon = stat(Stat::rss);
    amounts.anon_key = "rss";
    amounts.file_key = "cache";
    amounts.file = stat(Stat::cache);
  }
  amounts.shmem = stat(Stat::shmem);
  // v1 counts TCP memory apart from `memory`.
  if (memcg.version.value_or(2) == 2) amounts.sock = stat(Stat::sock);
  amounts.hugetlb = stat(Stat::hugetlb);
  amounts.dirty = stat.either(Stat::file_dirty, Stat::dirty);
  amounts.writeback = stat.either(Stat::file_writeback, Stat::writeback);
  amounts.unevictable = stat(Stat::unevictable);
  amounts.swapcached = stat(Stat::swapcached);
  amounts.active_file = stat(Stat::active_file);
  amounts.inactive_file = stat(Stat::inactive_file);
  amounts.swap = stat(Stat::swap);
  read_kernel(amounts, stat, memcg);
  return amounts;
}

}  // namespace oomkit
