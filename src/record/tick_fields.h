// What a tick is made of, by name: one list for writing and for reading a recording.
//
// A name ends with its unit where it has one; sizes are bytes. A field added to a tick and to this
// list is in every recording from then on; older ones just do not know it.
#pragma once

#include <string_view>

#include "policy/tick.h"

namespace oomkit {

template <class Archive>
void walk_fields(Archive& archive, TickPressureLine& line) {
  archive.member("avg10_centipercent", line.avg10_centipercent);
  archive.member("avg60_centipercent", line.avg60_centipercent);
  archive.member("avg300_centipercent", line.avg300_centipercent);
  archive.member("total_us", line.total);
}

template <class Archive>
void walk_fields(Archive& archive, TickPressure& pressure) {
  archive.member("some", pressure.some);
  archive.member("full", pressure.full);
}

template <class Archive>
void walk_fields(Archive& archive, TickHost& host) {
  archive.member("page_size", host.page_size);
  archive.member("mem_total", host.mem_total);
  archive.member("mem_available", host.mem_available);
  archive.member("mem_free", host.mem_free);
  archive.member("anon", host.anon);
  archive.member("shmem", host.shmem);
  archive.member("file", host.file);
  archive.member("slab_unreclaimable", host.slab_unreclaimable);
  archive.member("dirty", host.dirty);
  archive.member("swap_total", host.swap_total);
  archive.member("swap_free", host.swap_free);
  archive.member("swap_cached", host.swap_cached);
  archive.member("zram_disksize", host.zram_disksize);
  archive.member("zram_original", host.zram_original);
  archive.member("zram_memory", host.zram_memory);
  archive.member("zram_limit", host.zram_limit);
  archive.member("arc_size", host.arc_size);
  archive.member("arc_min", host.arc_min);
  archive.member("watermark_min", host.watermark_min);
  archive.member("watermark_low", host.watermark_low);
  archive.member("watermark_high", host.watermark_high);
  archive.member("pgscan_kswapd", host.pgscan_kswapd);
  archive.member("pgscan_direct", host.pgscan_direct);
  archive.member("pgsteal_kswapd", host.pgsteal_kswapd);
  archive.member("pgsteal_direct", host.pgsteal_direct);
  archive.member("refault_anon", host.refault_anon);
  archive.member("refault_file", host.refault_file);
  archive.member("pswpin", host.pswpin);
  archive.member("pswpout", host.pswpout);
  archive.member("pgmajfault", host.pgmajfault);
  archive.member("oom_kill", host.oom_kill);
  archive.member("memory", host.memory);
  archive.member("io", host.io);
  archive.member("cpu", host.cpu);
}

template <class Archive>
void walk_fields(Archive& archive, TickCgroup& row) {
  archive.member("id", row.id);
  archive.member("parent", row.parent);
  archive.member("path", row.path);
  archive.member("usage", row.usage);
  archive.member("swap", row.swap);
  archive.member("min", row.min);
  archive.member("low", row.low);
  archive.member("high", row.high);
  archive.member("max", row.max);
  archive.member("swap_max", row.swap_max);
  archive.member("anon", row.anon);
  archive.member("shmem", row.shmem);
  archive.member("active_anon", row.active_anon);
  archive.member("inactive_anon", row.inactive_anon);
  archive.member("active_file", row.active_file);
  archive.member("inactive_file", row.inactive_file);
  archive.member("unevictable", row.unevictable);
  archive.member("slab_unreclaimable", row.slab_unreclaimable);
  archive.member("kernel_stack", row.kernel_stack);
  archive.member("pagetables", row.pagetables);
  archive.member("sock", row.sock);
  archive.member("swapcached", row.swapcached);
  archive.member("pgscan", row.pgscan);
  archive.member("refault_anon", row.refault_anon);
  archive.member("refault_file", row.refault_file);
  archive.member("pgmajfault", row.pgmajfault);
  archive.member("memory", row.memory);
  archive.member("io", row.io);
  archive.member("events_high", row.events_high);
  archive.member("events_max", row.events_max);
  archive.member("events_oom", row.events_oom);
  archive.member("events_oom_kill", row.events_oom_kill);
  archive.member("processes", row.processes);
  archive.member("owner_uid", row.owner_uid);
  archive.member("wish", row.wish);
  archive.member("oom_group", row.oom_group);
  archive.member("populated", row.populated);
  archive.member("frozen", row.frozen);
}

template <class Archive>
void walk_fields(Archive& archive, TickProcess& row) {
  archive.member("pid", row.pid);
  archive.member("start_ns", row.start);
  archive.member("ppid", row.ppid);
  archive.member("pgid", row.pgid);
  archive.member("session", row.session);
  archive.member("uid", row.uid);
  archive.member("user", row.user);
  archive.member("comm", row.comm);
  archive.member("cmdline", row.cmdline);
  archive.member("exe", row.exe);
  archive.member("state", row.state);
  archive.member("kernel_thread", row.kernel_thread);
  archive.member("threads", row.threads);
  archive.member("rss", row.rss);
  archive.member("rss_anon", row.rss_anon);
  archive.member("rss_file", row.rss_file);
  archive.member("rss_shmem", row.rss_shmem);
  archive.member("swap", row.swap);
  archive.member("pagetables", row.pagetables);
  archive.member("oom_score_adj", row.oom_score_adj);
  archive.member("oom_score", row.oom_score);
  archive.member("cgroup", row.cgroup);
}

template <class Archive>
void walk_fields(Archive& archive, Tick& tick) {
  archive.member("now_ns", tick.now);
  archive.member("own_pid", tick.own_pid);
  archive.member("own_cgroup", tick.own_cgroup);
  archive.member("host", tick.host);
  archive.member("has_cgroups", tick.has_cgroups);
  archive.member("cgroups_cut", tick.cgroups_cut);
  archive.member("processes_read", tick.processes_read);
  archive.member("processes_cut", tick.processes_cut);
}

}  // namespace oomkit
