// A host with nothing wrong, for tests to spoil one thing of.
#pragma once

#include <string>

#include "doctor/diagnosis.h"

namespace oomkit::doctor {

inline constexpr Bytes kGiB(std::int64_t{1} << 30);

inline void set_meminfo(Snapshot& host, std::string_view name, Bytes amount) {
  host.host_state->meminfo.set(name, floor_kib(amount));
}
inline void set_sysctl_value(Snapshot& host, std::string_view name, std::int64_t value) {
  host.host_state->sysctl.set(name, value);
}

inline Task make_task(std::int64_t pid, std::string comm, Bytes rss, std::int32_t adj) {
  Task task;
  task.pid = pid;
  task.comm = std::move(comm);
  task.rss = floor_pages(rss, PageSize::k4K);
  task.swapents = Pages(0);
  task.pgtables = Bytes(0);
  task.oom_score_adj = adj;
  return task;
}

inline void add_task(Snapshot& host, std::int64_t pid, const std::string& comm, Bytes rss,
                     std::int32_t adj, std::optional<std::size_t> memcg = std::nullopt) {
  host.tasks.push_back(make_task(pid, comm, rss, adj));
  TaskState state;
  state.kernel_thread = false;
  state.memcg = memcg;
  host.task_states.push_back(state);
}

// Returns its index.
inline std::size_t add_memcg(Snapshot& host, const std::string& path) {
  MemcgNode memcg;
  memcg.path = path;
  memcg.parent = 0;
  memcg.usage = kGiB;
  memcg.limit = MemcgLimit{};
  memcg.high = MemcgLimit{};
  memcg.swap_limit = MemcgLimit{};
  memcg.oom_group = false;
  memcg.children_controlled = false;
  host.memcgs->nodes.push_back(memcg);
  return host.memcgs->nodes.size() - 1;
}

// 16 GiB of RAM, 4 GiB of swap on a disk, systemd, a service, sshd out of reach.
inline Snapshot sound_host() {
  Snapshot host;
  host.host = "box";
  host.kernel_release = "6.12.0";
  host.page_size = PageSize::k4K;
  host.uptime = std::chrono::hours(48);
  HostState& state = host.host_state.emplace();
  for (const auto& [name, size] :
       {std::pair("MemTotal", kGiB * 16), std::pair("MemAvailable", kGiB * 10),
        std::pair("SwapTotal", kGiB * 4), std::pair("SwapFree", kGiB * 4),
        std::pair("AnonPages", kGiB * 3), std::pair("CommitLimit", kGiB * 12),
        std::pair("Committed_AS", kGiB * 6), std::pair("SUnreclaim", kGiB / 2),
        std::pair("PageTables", kGiB / 16), std::pair("KernelStack", kGiB / 64)})
    set_meminfo(host, name, size);
  for (const auto& [name, value] :
       {std::pair("vm.overcommit_memory", 0), std::pair("vm.overcommit_ratio", 50),
        std::pair("vm.overcommit_kbytes", 0), std::pair("vm.admin_reserve_kbytes", 8192),
        std::pair("vm.user_reserve_kbytes", 131072), std::pair("vm.swappiness", 60),
        std::pair("vm.min_free_kbytes", 67584), std::pair("vm.watermark_scale_factor", 10),
        std::pair("vm.panic_on_oom", 0), std::pair("vm.oom_kill_allocating_task", 0),
        std::pair("vm.oom_dump_tasks", 1), std::pair("kernel.panic", 0)})
    set_sysctl_value(host, name, value);
  state.vmstat.set("oom_kill", 0);
  state.swaps =
      std::vector<SwapDevice>{{"/dev/sda2", "partition", floor_kib(kGiB * 4), KiB(0), -2}};
  state.pressure_memory = Pressure{PressureLine{}, PressureLine{}};
  state.cgroup_layout = CgroupLayout::v2;
  state.core_pattern = "|/usr/lib/systemd/systemd-coredump %P";
  state.core_limit_init = MemcgLimit{Bytes(0)};
  state.crash_kernel_loaded = false;
  state.crash_kernel_size = Bytes(0);
  state.boot_options.emplace();
  HostMemory& memory = host.host_memory.emplace();
  Zone zone;
  zone.node = 0;
  zone.name = "Normal";
  for (const auto& [name, size] :
       {std::pair("free", kGiB * 4), std::pair("min", Bytes(66 << 20)),
        std::pair("low", Bytes(90 << 20)), std::pair("high", Bytes(114 << 20)),
        std::pair("managed", kGiB * 16)})
    zone.amounts.set(name, floor_kib(size));
  memory.zones.push_back(zone);
  MemcgTree& tree = host.memcgs.emplace();
  MemcgNode root;
  root.path = "/";
  tree.nodes.push_back(root);
  const std::size_t slice = add_memcg(host, "/user.slice/user-1000.slice");
  tree.nodes[slice].children_controlled = true;
  const std::size_t service = add_memcg(host, "/system.slice/web.service");
  tree.nodes[service].limit = MemcgLimit{kGiB * 4};
  add_task(host, 1, "systemd", Bytes(12 << 20), 0);
  add_task(host, 700, "sshd", Bytes(9 << 20), -1000);
  add_task(host, 800, "web", kGiB, 0, service);
  add_task(host, 900, "batch", kGiB * 2, 0, slice);
  return host;
}

}  // namespace oomkit::doctor
