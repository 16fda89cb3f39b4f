// What is there at the end: processes, cgroups, the host.
#include "sim/world.h"

namespace oomkit::sim {

void World::record_processes(RunRecord& record) {
  for (const Process* process : known_) {
    RunProcess told;
    told.comm = process->comm;
    told.instance = process->instance;
    told.pid = process->pid;
    if (process->life == Life::gone) {
      told.state = process->exit_signal != 0 ? "killed" : "exited";
      if (process->exit_signal != 0) {
        told.signal = process->exit_signal;
      } else {
        told.exit_code = process->exit_code;
      }
    } else {
      told.state = state_letter(*process) == 'D' ? "blocked" : "alive";
      if (process->mm != nullptr) {
        const RssCounts counts = kernel_.told_counts_of(*process->mm);
        told.rss = to_bytes(counts.rss(), PageSize::k4K);
        told.swap = to_bytes(counts.swapped, PageSize::k4K);
      }
      told.oom_score = kernel_.oom_score(*process);
    }
    record.processes.push_back(std::move(told));
  }
}

void World::record_cgroups(RunRecord& record) {
  const bool v2 = kernel_.cgroup_version() == CgroupVersion::v2;
  for (const CgroupSpec& spec : scenario_.cgroups) {
    Memcg& group = *kernel_.memcgs().find(spec.path);
    RunCgroup told;
    told.path = spec.path;
    told.usage = to_bytes(group.memory.usage, PageSize::k4K);
    if (!v2 || profile_.peak_file) told.max_usage = to_bytes(group.memory.watermark, PageSize::k4K);
    told.swap = to_bytes(group.swap.usage, PageSize::k4K);
    if (v2) {
      for (std::size_t i = 0; i < profile_.memcg_events; ++i)
        told.events.emplace_back(kMemcgEventNames[i], group.events[i]);
      told.psi = group.pressure.totals(kernel_.now());
    } else {
      told.events = {{"oom_kill_disable", group.oom_kill_disable ? 1 : 0},
                     {"under_oom", group.under_oom > 0 ? 1 : 0},
                     {"oom_kill", group.v1_oom_kill},
                     {"failcnt", group.memory.failcnt}};
    }
    record.cgroups.push_back(std::move(told));
  }
}

void World::record_host(RunRecord& record) {
  const auto bytes = [](Pages pages) { return to_bytes(pages, PageSize::k4K); };
  RunHost& host = record.host;
  const SimSwap& swap = kernel_.machine().swap();
  host.total = bytes(kernel_.totalram());
  host.free = bytes(kernel_.machine().free());
  host.available = bytes(kernel_.mem_available());
  host.commit_limit = bytes(kernel_.commit_limit());
  host.committed = bytes(kernel_.committed());
  host.swap_total = bytes(swap.total);
  host.swap_free = bytes(swap.free());
  for (const SimZone& zone : kernel_.machine().zones()) {
    host.zones.push_back({zone.node, zone.name, bytes(zone.levels.min), bytes(zone.levels.low),
                          bytes(zone.levels.high), bytes(zone.managed)});
  }
  host.psi = kernel_.host_pressure().totals(kernel_.now());
  const VmStat& stat = kernel_.vmstat();
  host.vmstat = {{"workingset_refault_anon", stat.refault_anon},
                 {"workingset_refault_file", stat.refault_file},
                 {"pswpin", stat.pswpin},
                 {"pswpout", stat.pswpout},
                 {"pgfault", stat.pgfault},
                 {"pgmajfault", stat.pgmajfault},
                 {"pgsteal_kswapd", stat.pgsteal_kswapd},
                 {"pgsteal_direct", stat.pgsteal_direct},
                 {"pgscan_kswapd", stat.pgscan_kswapd},
                 {"pgscan_direct", stat.pgscan_direct},
                 {"oom_kill", stat.oom_kill}};
}

}  // namespace oomkit::sim
