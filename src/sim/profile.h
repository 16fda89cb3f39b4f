// What differs between the kernels that the model knows, and the machine of a rehearsal: facts
// of their sources, and amounts measured on them once.
//
// The rules themselves (badness, watermarks, overcommit) are in kernel/, by version. Here stand
// the numbers that no formula gives: what a kernel keeps for itself of so much RAM, what a process
// has before its first step, how long a page fault takes. Measured with `capture` on the cloud
// kernels of Debian, one processor, QEMU's TCG with a counted clock, in which the same run
// takes the same time each time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/units.h"
#include "model/kernel_version.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

// How long the kernel's paths take on that machine, for one page where nothing else is said.
struct Costs {
  SimTime fault;               // A new page of a process, ...
  SimTime shared_fault;        // ... and one of memory that is shared: of an object as a file is.
  SimTime charge;              // Of either, as of a file's: what is not done for the root cgroup.
  SimTime retouch;             // A page that is there.
  SimTime dense;               // Filling a page so that it cannot be compressed: swap in zram.
  SimTime zap, zap_shared;     // Unmapping a page, a process's own or a file's, and ...
  SimTime free_page;           // ... giving it back: its own, or ...
  SimTime free_cached;         // ... one of a file, which leaves the file's index too.
  SimTime write_new, rewrite;  // A file in a tmpfs.
  SimTime write_new_disk, rewrite_disk;  // On a disk, as far as memory.
  SimTime read;                          // What is cached.
  SimTime scan;                          // On a list, by reclaim.
  SimTime reclaim;                       // A round of reclaim that finds nothing, and ...
  SimTime reclaim_filled;                // ... of it for a cgroup that has pages of its own, ...
  SimTime reclaim_empty;                 // ... or has none.
  SimTime pressure_work;                 // vmpressure_work_fn(), with the way to it and back.
  // Out to swap and in again, and a page of it that nobody needs any more: zram, or a disk, of
  // which a whole cluster is read at once: the processor's part of it, and the disk's.
  SimTime compress, decompress, forget_compressed;
  // Of swap_out, free_written is what it takes to free a page once it is written.
  SimTime swap_out, read_cluster, disk, forget_swapped, free_written;
  SimTime keep_written;  // A page that is still being written, and that stays.
  SimTime keep_used;     // A page whose mapping is looked up, and that stays.
  SimTime fork;          // A child.
  SimTime report;        // An OOM report on the log, ...
  SimTime report_task;   // ... and each task in it.
};

struct KernelProfile {
  std::string_view label;    // "6.1"
  std::string_view release;  // "6.1.0-50-cloud-amd64"
  KernelVersion version;

  // mm/memcontrol.c
  Pages charge_batch;            // MEMCG_CHARGE_BATCH: 32, from 6.0 on 64.
  std::size_t stocks;            // Cgroups that a processor keeps charges for: 1, from 6.16 on 7.
  std::size_t memcg_events;      // Lines of memory.events: oom_group_kill came with 5.17,
                                 // sock_throttled with 7.0.
  bool peak_file;                // memory.peak (5.19).
  bool kernel_stat;              // memory.stat has `kernel` and page tables.
  bool swap_full_checked_first;  // No try at memory.swap.max when there is no room.
  bool has_v1;
  // mm/page_alloc.c: lists of a processor that grow with use (6.7) and were seen to stay large.
  bool pcp_keeps;
  bool generations;  // mm/vmscan.c: lru_gen is enabled.

  bool joins_wait;  // Writing to cgroup.procs waits for a grace period of RCU (attach_lock.h).

  // Of RAM: what the kernel keeps (boot_memory.h), and what it uses at a scenario's begin.
  Pages dma_managed;
  Pages kept;           // Beside struct pages and hashes; and with RAM above 4 GiB so much more ...
  Pages high_ram_kept;  // ... (swiotlb has 64 MiB), ...
  Pages normal_kept;    // ... of all which this is in the zone Normal.
  Pages late_freed;  // Given back after the levels were set: the kernel's own start, the archive.
  Pages disk_modules, zram_modules;  // Of drivers, in that archive.
  Pages reserve_less;  // When admin_reserve_kbytes was set, so much less was free than managed.
  // Kept from the allocator by a disk, and by each more of them: the firmware's tables are longer.
  Pages disk_pages, more_disk_pages;
  Pages disk_use;  // In use for each disk: its driver's requests, and slab.
  Pages slab_reclaimable, slab_unreclaimable, kernel_stack, page_tables;
  Pages disk_committed, zram_committed;  // By drivers, in a tmpfs: of disks, and of zram.
  Pages init_anon, init_shmem;  // PID 1: locked anonymous memory, and its program in a tmpfs.
  Pages other_use;              // Beside all that, and what has no counter.
  Pages base_pcp;               // Free pages on the lists of the processor, ...
  Pages pcp_of_others;          // ... and those of them that are not for pages of processes.
  Pages last_node_use;          // Of all that, in the last of several nodes.

  // A process of a scenario before its first step.
  Pages base_file, base_tables, base_vm;
  Pages node_kept;  // Of a node of 160 MiB: struct pages and the like.
  Pages node_less_hashes;
  Bytes file_slab;   // Of an empty file in a tmpfs: inode and dentry.
  int sock_percent;  // What TCP's buffers take of what waits in them.
  // mm/mmu_gather.c: how many pages of an exit are given back before others may run (5.18: 512).
  Pages freed_at_once;
  // What a process's counters lack of its pages: up to 6.1 what its thread has not added up yet;
  // later, on some kernels, what a processor has not.
  bool splits_rss;
  std::int64_t counter_batch;  // 0: exact sums.
  std::int64_t first_pid;      // Of the first process.
  Costs costs;
};

std::span<const KernelProfile> kernel_profiles();
// By its label, or by a release of that version; nullptr: not one that the model knows.
const KernelProfile* find_profile(std::string_view kernel);

TurnRules turn_rules(const KernelProfile& profile, std::size_t processors);

}  // namespace oomkit::sim
