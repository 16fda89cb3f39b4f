#include "sim/boot_memory.h"

#include <algorithm>
#include <bit>

namespace oomkit::sim {
namespace {

constexpr std::int64_t kStructPage = 64;
constexpr std::int64_t kBytesOfPage = 4096;
constexpr Pages kSection(128 << 8);  // SECTION_SIZE_BITS: struct pages are there for all of one.

std::int64_t rounded_up(std::int64_t number, std::int64_t to) {
  return (number + to - 1) / to * to;
}

Pages struct_pages(Pages ram) {
  return Pages(rounded_up(ram.count(), kSection.count()) * kStructPage / kBytesOfPage);
}

// alloc_large_system_hash() for so many pages: a bucket of 8 bytes for 2^(scale - 12) of them.
Pages hash_table(std::int64_t pages, int scale) {
  constexpr std::int64_t kMib = (1 << 20) / kBytesOfPage;
  constexpr std::int64_t kAdaptFrom = (std::int64_t{64} << 30) / kBytesOfPage;
  pages = rounded_up(pages, kMib);
  for (std::int64_t adapt = kAdaptFrom; adapt < pages; adapt *= 4)
    ++scale;
  constexpr int kPageShift = 12;
  const auto entries = static_cast<std::uint64_t>(pages >> (scale - kPageShift));
  return Pages(static_cast<std::int64_t>(std::bit_ceil(entries)) * 8 / kBytesOfPage);
}

}  // namespace

ManagedRam managed_ram(const KernelProfile& profile, Bytes memory) {
  const Pages all = floor_pages(memory, PageSize::k4K);
  const Pages low = std::min(all, kLowRam);
  const Pages above = all - low;
  const Pages map = struct_pages(low) + struct_pages(above);
  // nr_kernel_pages: up to 6.9 RAM without its struct pages, later what memblock has free then.
  const bool counts_free = profile.version >= KernelVersion{6, 10};
  const Pages counted = counts_free
                            ? all - profile.kept + profile.dma_managed - profile.late_freed - map
                            : all - Pages(all.count() * kStructPage / kBytesOfPage);
  const Pages hashes = hash_table(counted.count(), 13) + hash_table(counted.count(), 14);
  if (above == Pages(0)) return {low - profile.kept - map - hashes, Pages(0)};
  // Memory is taken from the top, but for what devices have to reach (swiotlb).
  const Pages on_top = std::min(map + hashes + profile.normal_kept, above);
  const Pages kept = profile.kept + profile.high_ram_kept + map + hashes;
  return {low - (kept - on_top), above - on_top};
}

}  // namespace oomkit::sim
