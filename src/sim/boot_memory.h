// What the kernel keeps of RAM while it starts, before the page allocator gets the rest: struct
// pages, the hash tables of dentries and inodes, its image. mm/sparse.c, mm/mm_init.c (up to 6.3
// mm/page_alloc.c), fs/dcache.c, fs/inode.c
//
// Held against rehearsals with 128 MiB to 12 GiB on each kernel: the same to the page up to 3 GiB,
// and to two pages beyond.
#pragma once

#include "core/units.h"
#include "sim/profile.h"

namespace oomkit::sim {

// RAM up to here is mapped below 4 GiB by QEMU, the rest above.
inline constexpr Pages kLowRam(3 << 18);

// What the page allocator gets of that RAM, without the zone DMA.
struct ManagedRam {
  Pages dma32;
  Pages normal;  // 0 where all RAM is below 4 GiB.
};
ManagedRam managed_ram(const KernelProfile& profile, Bytes memory);

}  // namespace oomkit::sim
