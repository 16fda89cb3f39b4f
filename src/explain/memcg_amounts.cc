#include "explain/memcg_amounts.h"

#include <array>

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

// One statistic of the whole subtree, in whichever form the report has it.
class StatReader {
 public:
  explicit StatReader(const MemcgReport& memcg) : memcg_(&memcg) {}

  std::optional<Bytes> operator()(std::string_view name) const {
    if (!memcg_->stat.empty()) {
      const auto total = memcg_->stat.bytes("total_" + std::string(name));
      return total ? total : memcg_->stat.bytes(name);
    }
    // Each line of the old form has its own cgroup's amounts only.
    std::optional<Bytes> sum;
    for (const MemcgSubtreeStat& part : memcg_->subtree) {
      if (const auto amount = part.stat.bytes(name)) {
        sum = plus(sum.value_or(Bytes(0)), *amount);
      }
    }
    return sum;
  }

 private:
  const MemcgReport* memcg_;
};

void read_kernel(MemcgAmounts& amounts, const StatReader& stat, const MemcgReport& memcg) {
  for (const PartName& part : kKernelParts) {
    if (const auto amount = stat(part.key)) {
      amounts.kernel_parts.push_back({part.key, part.label, *amount});
    }
  }
  if (!stat("slab_unreclaimable") && !stat("slab_reclaimable")) {
    if (const auto slab = stat("slab")) amounts.kernel_parts.push_back({"slab", "slab", *slab});
  }
  if (const auto kernel = stat("kernel")) {
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
  const StatReader stat(memcg);
  MemcgAmounts amounts;
  amounts.anon = stat("anon");
  amounts.anon_key = "anon";
  amounts.file_key = "file";
  amounts.file = stat("file");
  if (!amounts.anon) {
    amounts.anon = stat("rss");
    amounts.anon_key = "rss";
    amounts.file_key = "cache";
    amounts.file = stat("cache");
  }
  amounts.shmem = stat("shmem");
  // v1 counts TCP memory apart from `memory`.
  if (memcg.version.value_or(2) == 2) amounts.sock = stat("sock");
  amounts.hugetlb = stat("hugetlb");
  const auto either = [&](std::string_view v2, std::string_view v1) {
    const auto amount = stat(v2);
    return amount ? amount : stat(v1);
  };
  amounts.dirty = either("file_dirty", "dirty");
  amounts.writeback = either("file_writeback", "writeback");
  amounts.unevictable = stat("unevictable");
  amounts.swapcached = stat("swapcached");
  amounts.active_file = stat("active_file");
  amounts.inactive_file = stat("inactive_file");
  amounts.swap = stat("swap");
  read_kernel(amounts, stat, memcg);
  return amounts;
}

}  // namespace oomkit
