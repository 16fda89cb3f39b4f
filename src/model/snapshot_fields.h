// The members of a Snapshot and of all that is in it, each named once for both directions:
// whatever writes one to JSON and whatever reads it back walk the same list, so that
// neither can forget what the other has.
//
// `walk` is called with a name and a member. Line numbers of logs are left out: a snapshot
// that is kept has no log beside it.
#pragma once

#include "model/snapshot.h"

namespace oomkit {

template <class Walk>
void walk_fields(Walk& walk, WallTime& time) {
  walk.member("since_epoch_s", time.since_epoch);
  walk.member("year_known", time.year_known);
  walk.member("zone_known", time.zone_known);
}

template <class Walk>
void walk_fields(Walk& walk, PressureLine& line) {
  walk.percent("avg10_percent", line.avg10_centipercent);
  walk.percent("avg60_percent", line.avg60_centipercent);
  walk.percent("avg300_percent", line.avg300_centipercent);
  walk.member("total_s", line.total);
}

template <class Walk>
void walk_fields(Walk& walk, Pressure& pressure) {
  walk.member("some", pressure.some);
  walk.member("full", pressure.full);
}

template <class Walk>
void walk_fields(Walk& walk, Task& task) {
  walk.member("pid", task.pid);
  walk.member("tgid", task.tgid);
  walk.member("uid", task.uid);
  walk.member("comm", task.comm);
  walk.member("total_vm_bytes", task.total_vm);
  walk.member("rss_bytes", task.rss);
  walk.member("rss_anon_bytes", task.rss_anon);
  walk.member("rss_file_bytes", task.rss_file);
  walk.member("rss_shmem_bytes", task.rss_shmem);
  walk.member("swap_bytes", task.swapents);
  walk.member("nr_ptes", task.nr_ptes);
  walk.member("nr_pmds", task.nr_pmds);
  walk.member("nr_puds", task.nr_puds);
  walk.member("pgtables_bytes", task.pgtables);
  walk.member("cpu", task.cpu);
  walk.member("oom_adj", task.oom_adj);
  walk.member("oom_score_adj", task.oom_score_adj);
}

template <class Walk>
void walk_fields(Walk& walk, TaskState& state) {
  walk.member("parent", state.parent);
  walk.member("start_s", state.start);
  walk.member("state", state.state);
  walk.member("threads", state.threads);
  walk.member("kernel_thread", state.kernel_thread);
  walk.member("exiting", state.exiting);
  walk.member("memcg", state.memcg);
  walk.member("mems_allowed", state.mems_allowed);
  walk.member("mempolicy", state.mempolicy);
  walk.member("oom_score", state.oom_score);
  walk.member("locked_bytes", state.locked);
  walk.member("hugetlb_bytes", state.hugetlb);
}

template <class Walk>
void walk_fields(Walk& walk, FreeBlocks& blocks) {
  walk.member("count", blocks.count);
  walk.member("block_bytes", blocks.block_size);
  walk.member("migratetypes", blocks.migratetypes);
}

template <class Walk>
void walk_fields(Walk& walk, Zone& zone) {
  walk.member("node", zone.node);
  walk.member("name", zone.name);
  walk.member("amounts_bytes", zone.amounts);
  walk.member("pages_scanned", zone.pages_scanned);
  walk.member("all_unreclaimable", zone.all_unreclaimable);
  walk.member("lowmem_reserve_bytes", zone.lowmem_reserve);
  walk.member("free_blocks", zone.free_blocks);
  walk.member("free_blocks_total_bytes", zone.free_blocks_total);
}

template <class Walk>
void walk_fields(Walk& walk, Node& node) {
  walk.member("id", node.id);
  walk.member("amounts_bytes", node.amounts);
  walk.member("pages_scanned", node.pages_scanned);
  walk.member("all_unreclaimable", node.all_unreclaimable);
}

template <class Walk>
void walk_fields(Walk& walk, HugepagePool& pool) {
  walk.member("node", pool.node);
  walk.member("total", pool.total);
  walk.member("free", pool.free);
  walk.member("surplus", pool.surplus);
  walk.member("page_bytes", pool.page_size);
}

template <class Walk>
void walk_fields(Walk& walk, SlabCache& cache) {
  walk.member("name", cache.name);
  walk.member("used_bytes", cache.used);
  walk.member("total_bytes", cache.total);
}

template <class Walk>
void walk_fields(Walk& walk, HostMemory& memory) {
  walk.member("counters_bytes", memory.counters);
  walk.member("nodes", memory.nodes);
  walk.member("zones", memory.zones);
  walk.member("hugepages", memory.hugepages);
  walk.member("unreclaimable_slab", memory.unreclaimable_slab);
  walk.member("pagecache_bytes", memory.pagecache);
  walk.member("swapcache_bytes", memory.swapcache);
  walk.member("swap_free_bytes", memory.swap_free);
  walk.member("swap_total_bytes", memory.swap_total);
  walk.member("ram_bytes", memory.ram);
  walk.member("highmem_bytes", memory.highmem);
  walk.member("reserved_bytes", memory.reserved);
  walk.member("cma_reserved_bytes", memory.cma_reserved);
  walk.member("hwpoisoned_bytes", memory.hwpoisoned);
}

template <class Walk>
void walk_fields(Walk& walk, SwapDevice& device) {
  walk.member("name", device.name);
  walk.member("type", device.type);
  walk.member("size_bytes", device.size);
  walk.member("used_bytes", device.used);
  walk.member("priority", device.priority);
}

template <class Walk>
void walk_fields(Walk& walk, ZramDevice& device) {
  walk.member("name", device.name);
  walk.member("disksize_bytes", device.disksize);
  walk.member("original_bytes", device.original);
  walk.member("compressed_bytes", device.compressed);
  walk.member("memory_bytes", device.memory);
  walk.member("memory_limit_bytes", device.memory_limit);
}

template <class Walk>
void walk_fields(Walk& walk, HostState& host) {
  walk.member("meminfo_bytes", host.meminfo);
  walk.member("meminfo_counts", host.meminfo_counts);
  walk.member("vmstat", host.vmstat);
  walk.member("sysctl", host.sysctl);
  walk.member("lowmem_reserve_ratio", host.lowmem_reserve_ratio);
  walk.member("low_of_empty_zones_bytes", host.low_of_empty_zones);
  walk.member("swaps", host.swaps);
  walk.member("zram", host.zram);
  walk.member("pressure_memory", host.pressure_memory);
  walk.member("pressure_io", host.pressure_io);
  walk.member("pressure_cpu", host.pressure_cpu);
  walk.member("cgroup_layout", host.cgroup_layout);
  walk.member("core_pattern", host.core_pattern);
  walk.member("core_limit_init_bytes", host.core_limit_init);
  walk.member("core_limit_bytes", host.core_limit);
  walk.member("crash_kernel_loaded", host.crash_kernel_loaded);
  walk.member("crash_kernel_bytes", host.crash_kernel_size);
  walk.member("boot_options", host.boot_options);
  walk.member("processors", host.processors);
  walk.member("tasks_seen", host.tasks_seen);
}

template <class Walk>
void walk_fields(Walk& walk, MemcgNode& memcg) {
  walk.member("path", memcg.path);
  walk.member("parent", memcg.parent);
  walk.member("usage_bytes", memcg.usage);
  walk.member("peak_bytes", memcg.peak);
  walk.member("limit_bytes", memcg.limit);
  walk.member("high_bytes", memcg.high);
  walk.member("min_bytes", memcg.min);
  walk.member("low_bytes", memcg.low);
  walk.member("soft_limit_bytes", memcg.soft_limit);
  walk.member("swap_usage_bytes", memcg.swap_usage);
  walk.member("swap_limit_bytes", memcg.swap_limit);
  walk.member("memsw_usage_bytes", memcg.memsw_usage);
  walk.member("memsw_limit_bytes", memcg.memsw_limit);
  walk.member("kmem_usage_bytes", memcg.kmem_usage);
  walk.member("swappiness", memcg.swappiness);
  walk.member("use_hierarchy", memcg.use_hierarchy);
  walk.member("oom_group", memcg.oom_group);
  walk.member("children_controlled", memcg.children_controlled);
  walk.member("oom_kill_disable", memcg.oom_kill_disable);
  walk.member("under_oom", memcg.under_oom);
  walk.member("events", memcg.events);
  walk.member("events_local", memcg.events_local);
  walk.member("stat", memcg.stat);
  walk.member("pressure", memcg.pressure);
  walk.member("processes", memcg.processes);
}

template <class Walk>
void walk_fields(Walk& walk, MemcgTree& tree) {
  walk.member("version", tree.version);
  walk.member("mount_root", tree.mount_root);
  walk.member("recursive_protection", tree.recursive_protection);
  walk.member("nodes", tree.nodes);
}

template <class Walk>
void walk_fields(Walk& walk, MemcgCounter& counter) {
  walk.member("usage_bytes", counter.usage);
  walk.member("limit_bytes", counter.limit);
  walk.member("failcnt", counter.failcnt);
}

template <class Walk>
void walk_fields(Walk& walk, MemcgSubtreeStat& stat) {
  walk.member("path", stat.path);
  walk.member("stat", stat.stat);
}

template <class Walk>
void walk_fields(Walk& walk, MemcgReport& report) {
  walk.member("version", report.version);
  walk.member("oom_path", report.oom_path);
  walk.member("task_path", report.task_path);
  walk.member("memory", report.memory);
  walk.member("memsw", report.memsw);
  walk.member("swap", report.swap);
  walk.member("kmem", report.kmem);
  walk.member("stat_path", report.stat_path);
  walk.member("stat", report.stat);
  walk.member("subtree", report.subtree);
  walk.member("min_protection_bytes", report.min_protection);
  walk.member("low_protection_bytes", report.low_protection);
}

template <class Walk>
void walk_fields(Walk& walk, SourceGapCount& gap) {
  walk.member("code", gap.gap);
  walk.member("count", gap.count);
  walk.member("example", gap.example);
}

// The page size comes first: amounts in pages are written in bytes.
template <class Walk>
void walk_fields(Walk& walk, Snapshot& snapshot) {
  walk.member("page_size_bytes", snapshot.page_size);
  walk.member("uptime_s", snapshot.uptime);
  walk.member("time", snapshot.time);
  walk.member("host", snapshot.host);
  walk.member("kernel", snapshot.kernel_release);
  walk.member("host_memory", snapshot.host_memory);
  walk.member("memcg", snapshot.memcg);
  walk.member("host_state", snapshot.host_state);
  walk.member("memcgs", snapshot.memcgs);
  walk.member("tasks", snapshot.tasks);
  walk.member("task_states", snapshot.task_states);
  walk.member("warnings", snapshot.gaps);
}

}  // namespace oomkit
