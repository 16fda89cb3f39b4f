#include "guest/capture.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include <dirent.h>

#include "core/text.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

constexpr std::array<const char*, 43> kHostFiles = {"/proc/meminfo",
                                                    "/proc/vmstat",
                                                    "/proc/zoneinfo",
                                                    "/proc/buddyinfo",
                                                    "/proc/swaps",
                                                    "/proc/loadavg",
                                                    "/proc/uptime",
                                                    "/proc/stat",
                                                    "/proc/version",
                                                    "/proc/cmdline",
                                                    "/proc/mounts",
                                                    "/proc/cgroups",
                                                    "/proc/filesystems",
                                                    "/proc/sys/kernel/osrelease",
                                                    "/proc/sys/kernel/pid_max",
                                                    "/proc/sys/kernel/sysrq",
                                                    "/proc/pressure/memory",
                                                    "/proc/pressure/io",
                                                    "/proc/pressure/cpu",
                                                    "/proc/sys/vm/overcommit_memory",
                                                    "/proc/sys/vm/overcommit_ratio",
                                                    "/proc/sys/vm/overcommit_kbytes",
                                                    "/proc/sys/vm/admin_reserve_kbytes",
                                                    "/proc/sys/vm/user_reserve_kbytes",
                                                    "/proc/sys/vm/min_free_kbytes",
                                                    "/proc/sys/vm/lowmem_reserve_ratio",
                                                    "/proc/sys/vm/watermark_scale_factor",
                                                    "/proc/sys/vm/swappiness",
                                                    "/proc/sys/vm/panic_on_oom",
                                                    "/proc/sys/vm/oom_kill_allocating_task",
                                                    "/proc/sys/vm/oom_dump_tasks",
                                                    "/proc/self/mountinfo",
                                                    "/sys/kernel/mm/transparent_hugepage/enabled",
                                                    "/proc/sys/kernel/hostname",
                                                    "/proc/sys/kernel/core_pattern",
                                                    "/proc/sys/kernel/panic",
                                                    "/proc/sys/vm/nr_hugepages",
                                                    "/proc/sys/vm/nr_overcommit_hugepages",
                                                    "/proc/sys/vm/watermark_boost_factor",
                                                    "/proc/self/limits",
                                                    "/sys/kernel/kexec_crash_loaded",
                                                    "/sys/kernel/kexec_crash_size",
                                                    "/sys/devices/system/cpu/online"};

constexpr std::array<const char*, 10> kProcessFiles = {
    "stat",   "status",    "statm",         "comm",    "cmdline",
    "cgroup", "oom_score", "oom_score_adj", "oom_adj", "limits"};

constexpr std::array<const char*, 24> kV2Files = {"cgroup.controllers",
                                                  "cgroup.events",
                                                  "cgroup.procs",
                                                  "cgroup.stat",
                                                  "cgroup.subtree_control",
                                                  "cgroup.type",
                                                  "memory.current",
                                                  "memory.events",
                                                  "memory.events.local",
                                                  "memory.high",
                                                  "memory.low",
                                                  "memory.max",
                                                  "memory.min",
                                                  "memory.oom.group",
                                                  "memory.peak",
                                                  "memory.pressure",
                                                  "memory.stat",
                                                  "memory.swap.current",
                                                  "memory.swap.events",
                                                  "memory.swap.max",
                                                  "memory.swap.high",
                                                  "cpuset.mems",
                                                  "cpuset.cpus",
                                                  "memory.zswap.current"};

constexpr std::array<const char*, 17> kV1Files = {"cgroup.procs",
                                                  "memory.failcnt",
                                                  "memory.limit_in_bytes",
                                                  "memory.max_usage_in_bytes",
                                                  "memory.memsw.limit_in_bytes",
                                                  "memory.memsw.usage_in_bytes",
                                                  "memory.oom_control",
                                                  "memory.soft_limit_in_bytes",
                                                  "memory.stat",
                                                  "memory.swappiness",
                                                  "memory.usage_in_bytes",
                                                  "memory.use_hierarchy",
                                                  "memory.kmem.usage_in_bytes",
                                                  "memory.kmem.tcp.usage_in_bytes",
                                                  "memory.kmem.tcp.limit_in_bytes",
                                                  "memory.memsw.max_usage_in_bytes",
                                                  "memory.numa_stat"};

class Capture {
 public:
  Capture(Protocol& protocol, std::string_view label, std::span<char> buffer)
      : protocol_(&protocol), label_(label), buffer_(buffer) {}

  // Files that this kernel does not have, or does not show, are left out.
  void take(const PathText& path) {
    const FileText text = read_file(path.c_str(), buffer_);
    if (text.error == 0) protocol_->capture(label_, path.view().substr(1), text.text);
  }

 private:
  Protocol* protocol_;
  std::string_view label_;
  std::span<char> buffer_;
};

void take_processes(Capture& capture) {
  DIR* folder = opendir("/proc");
  if (folder == nullptr) return;
  while (const dirent* entry = readdir(folder)) {
    if (!is_digit(entry->d_name[0])) continue;
    for (const char* file : kProcessFiles)
      capture.take(PathText("/proc/", entry->d_name, "/", file));
  }
  closedir(folder);
}

void take_cgroup(Capture& capture, const Stage& stage, std::string_view cgroup) {
  const PathText folder = memory_folder(stage, cgroup);
  if (stage.cgroup == CgroupVersion::v2) {
    for (const char* file : kV2Files)
      capture.take(PathText(folder.view(), "/", file));
  } else {
    for (const char* file : kV1Files)
      capture.take(PathText(folder.view(), "/", file));
  }
}

}  // namespace

void capture_files(Protocol& protocol, const Plan& plan, std::string_view label,
                   std::span<char> buffer) {
  Capture capture(protocol, label, buffer);
  for (const char* file : kHostFiles)
    capture.take(PathText(file));
  take_cgroup(capture, *plan.stage, "/");
  for (const CgroupSpec& cgroup : plan.scenario->cgroups)
    take_cgroup(capture, *plan.stage, cgroup.path);
  take_processes(capture);
}

}  // namespace oomkit::guest
