// The text of the kernel's files, as far as scenarios read them.
#include <algorithm>
#include <array>
#include <cerrno>

#include "core/text.h"
#include "kernel/badness.h"
#include "scenario/names.h"
#include "sim/world.h"

namespace oomkit::sim {
namespace {

using Text = tl::expected<std::string, int>;

constexpr std::string_view kParameters = "/sys/module/oomkit_pages/parameters/";

std::int64_t kib(Pages pages) {
  return floor_kib(to_bytes(pages, PageSize::k4K)).count();
}
std::int64_t bytes(Pages pages) {
  return to_bytes(pages, PageSize::k4K).count();
}
std::string line(std::int64_t number) {
  return std::to_string(number) + "\n";
}
std::string limit_line(Pages pages) {
  return pages >= kNoLimit ? "max\n" : line(bytes(pages));
}
std::string v1_limit_line(Pages pages) {
  constexpr std::int64_t kPageCounterMax = 9223372036854771712;
  return line(pages >= kNoLimit ? kPageCounterMax : bytes(pages));
}

// "Name:    1234 kB", the number right-aligned as in the kernel's tables.
class KibTable {
 public:
  explicit KibTable(std::size_t width) : width_(width) {}
  KibTable& add(std::string_view name, std::int64_t number) {
    const std::string digits = std::to_string(number);
    text_.append(name).append(":");
    const std::size_t used = name.size() + 1 + digits.size();
    text_.append(used < width_ ? width_ - used : 1, ' ').append(digits).append(" kB\n");
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::size_t width_;
  std::string text_;
};

std::string pair_line(std::string_view name, std::int64_t number) {
  return std::string(name) + " " + std::to_string(number) + "\n";
}

template <class Counts, class Names>
std::string counts_text(const Counts& counts, const Names& names, std::size_t how_many) {
  std::string text;
  for (std::size_t i = 0; i < how_many; ++i)
    text += pair_line(names[i], counts[i]);
  return text;
}

}  // namespace

std::string World::meminfo_text() {
  const MemcgStats& stats = kernel_.root_stats();
  Memcg& root = kernel_.memcgs().root();
  const auto listed = [&](ListKind kind) { return MemcgTree::listed(root, kind); };
  const Pages unevictable =
      listed(ListKind::unevictable) + kernel_.init_anon() + kernel_.init_shmem();
  const SimSwap& swap = kernel_.machine().swap();
  const Pages slab = kernel_.slab_reclaimable() + kernel_.slab_unreclaimable();
  const Pages active_anon = listed(ListKind::active_anon);
  const Pages inactive_anon = listed(ListKind::inactive_anon);
  const Pages active_file = listed(ListKind::active_file);
  const Pages inactive_file = listed(ListKind::inactive_file);
  KibTable table(24);
  table.add("MemTotal", kib(kernel_.totalram()))
      .add("MemFree", kib(kernel_.machine().free()))
      .add("MemAvailable", kib(kernel_.mem_available()))
      .add("Buffers", 0)
      .add("Cached", kib(stats.file + kernel_.init_shmem()))
      .add("SwapCached", kib(kernel_.swap_cached()))
      .add("Active", kib(active_anon + active_file))
      .add("Inactive", kib(inactive_anon + inactive_file))
      .add("Active(anon)", kib(active_anon))
      .add("Inactive(anon)", kib(inactive_anon))
      .add("Active(file)", kib(active_file))
      .add("Inactive(file)", kib(inactive_file))
      .add("Unevictable", kib(unevictable))
      .add("Mlocked", kib(unevictable))
      .add("SwapTotal", kib(swap.total))
      .add("SwapFree", kib(swap.free()))
      .add("Dirty", kib(stats.file_dirty))
      .add("Writeback", 0)
      .add("AnonPages", kib(stats.anon + kernel_.init_anon()))
      .add("Mapped", kib(kernel_.init_shmem()))
      .add("Shmem", kib(stats.shmem + kernel_.init_shmem()))
      .add("KReclaimable", kib(kernel_.slab_reclaimable()))
      .add("Slab", kib(slab))
      .add("SReclaimable", kib(kernel_.slab_reclaimable()))
      .add("SUnreclaim", kib(kernel_.slab_unreclaimable()))
      .add("KernelStack", kib(kernel_.kernel_stacks()))
      .add("PageTables", kib(kernel_.page_tables()))
      .add("CommitLimit", kib(kernel_.commit_limit()))
      .add("Committed_AS", kib(kernel_.committed()));
  return table.take();
}

std::string World::vmstat_text() {
  const VmStat& stat = kernel_.vmstat();
  return pair_line("nr_free_pages", kernel_.machine().free().count()) +
         pair_line("workingset_refault_anon", stat.refault_anon) +
         pair_line("workingset_refault_file", stat.refault_file) +
         pair_line("pswpin", stat.pswpin) + pair_line("pswpout", stat.pswpout) +
         pair_line("pgfault", stat.pgfault) + pair_line("pgmajfault", stat.pgmajfault) +
         pair_line("pgsteal_kswapd", stat.pgsteal_kswapd) +
         pair_line("pgsteal_direct", stat.pgsteal_direct) +
         pair_line("pgscan_kswapd", stat.pgscan_kswapd) +
         pair_line("pgscan_direct", stat.pgscan_direct) + pair_line("oom_kill", stat.oom_kill);
}

std::string World::buddyinfo_text() {
  std::string text;
  for (const SimZone& zone : kernel_.machine().zones()) {
    text += "Node " + std::to_string(zone.node) + ", zone " +
            std::string(zone.name.size() < 8 ? 8 - zone.name.size() : 0, ' ') + zone.name + " ";
    for (const std::int64_t count : kernel_.machine().blocks(zone)) {
      const std::string digits = std::to_string(count);
      text += std::string(digits.size() < 6 ? 6 - digits.size() : 0, ' ') + digits + " ";
    }
    text += "\n";
  }
  return text;
}

Text World::process_text(const Process& process, std::string_view file) {
  if (file == "oom_score") return line(kernel_.oom_score(process));
  if (file == "oom_score_adj") return line(process.oom_score_adj);
  if (file == "oom_adj") return line(oom_adj_of_score_adj(process.oom_score_adj));
  if (file == "comm") return process.comm + "\n";
  if (file == "cgroup") return "0::" + process.memcg->path + "\n";
  if (file == "wchan") {
    // Where a task sleeps in the kernel; 5.10 as Debian builds it does not tell.
    const bool told = profile_.version >= KernelVersion{5, 15};
    if (process.waits_in_oom != nullptr && told) return std::string("mem_cgroup_oom_synchronize");
    return std::string("0");
  }
  if (file == "limits")
    return std::string(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max core file size        unlimited            unlimited            bytes     \n"
        "Max locked memory         unlimited            unlimited            bytes     \n");
  if (process.mm == nullptr) return file == "status" ? Text("State:\tX (dead)\n") : Text("");
  const Mm& mm = *process.mm;
  const RssCounts told = kernel_.told_counts_of(mm);
  if (file == "maps") {
    std::string text = "00400000-0057d000 r-xp 00000000 00:02 7                  /init\n";
    for (const Region& region : mm.regions)
      text += "7f0000000000-7f" + std::to_string(region.size.count()) + " rw-p 00000000 00:00 0\n";
    return text;
  }
  if (file == "smaps_rollup") {
    KibTable table(24);
    table.add("Rss", kib(mm.rss()))
        .add("Pss", kib(mm.rss()))
        .add("Anonymous", kib(mm.anon()))
        .add("Swap", kib(mm.swapped()))
        .add("Locked", kib(mm.locked));
    return table.take();
  }
  if (file != "status") return tl::unexpected(ENOENT);
  constexpr std::array<std::pair<char, std::string_view>, 5> kStates = {
      {{'R', "running"}, {'S', "sleeping"}, {'D', "disk sleep"}, {'T', "stopped"}, {'X', "dead"}}};
  const char letter = state_letter(process);
  std::string text = "Name:\t" + process.comm + "\nState:\t" + std::string(1, letter);
  for (const auto& [known, word] : kStates) {
    if (known == letter) text += " (" + std::string(word) + ")";
  }
  text += "\nPid:\t" + std::to_string(process.pid) + "\n";
  const auto field = [&](std::string_view name, Pages pages) {
    const std::string digits = std::to_string(kib(pages));
    text += std::string(name) + ":\t" +
            std::string(digits.size() < 8 ? 8 - digits.size() : 0, ' ') + digits + " kB\n";
  };
  field("VmSize", mm.total_vm);
  field("VmLck", mm.locked);
  field("VmRSS", told.anon + told.file + told.shmem);
  field("RssAnon", told.anon);
  field("RssFile", told.file);
  field("RssShmem", told.shmem);
  field("VmPTE", mm.tables);
  field("VmSwap", told.swapped);
  return text;
}

Text World::cgroup_text(Memcg& group, std::string_view file) {
  if (file == "memory.current" || file == "memory.usage_in_bytes")
    return line(bytes(group.memory.usage));
  if (file == "memory.peak" || file == "memory.max_usage_in_bytes")
    return line(bytes(group.memory.watermark));
  if (file == "memory.max") return limit_line(group.memory.max);
  if (file == "memory.high") return limit_line(group.high);
  if (file == "memory.swap.max") return limit_line(group.swap.max);
  if (file == "memory.min") return limit_line(group.min);
  if (file == "memory.low") return limit_line(group.low);
  if (file == "memory.swap.current") return line(bytes(group.swap.usage));
  if (file == "memory.oom.group") return line(group.oom_group ? 1 : 0);
  if (file == "memory.limit_in_bytes") return v1_limit_line(group.memory.max);
  if (file == "memory.memsw.limit_in_bytes") return v1_limit_line(group.memsw.max);
  if (file == "memory.memsw.usage_in_bytes") return line(bytes(group.memsw.usage));
  if (file == "memory.kmem.usage_in_bytes") return line(bytes(group.kmem.usage));
  if (file == "memory.soft_limit_in_bytes") return v1_limit_line(group.soft_limit);
  if (file == "memory.failcnt") return line(group.memory.failcnt);
  if (file == "memory.swappiness") return line(group.swappiness.value_or(60));
  if (file == "memory.oom_control") {
    return pair_line("oom_kill_disable", group.oom_kill_disable ? 1 : 0) +
           pair_line("under_oom", group.under_oom > 0 ? 1 : 0) +
           pair_line("oom_kill", group.v1_oom_kill);
  }
  const std::size_t events = profile_.memcg_events;
  if (file == "memory.events") return counts_text(group.events, kMemcgEventNames, events);
  if (file == "memory.events.local")
    return counts_text(group.events_local, kMemcgEventNames, events);
  if (file == "memory.swap.events") return counts_text(group.swap_events, kSwapEventNames, 3);
  if (file != "memory.stat") return tl::unexpected(ENOENT);
  const MemcgStats stats = MemcgTree::total_of(group);
  const Bytes slab = stats.slab_reclaimable + stats.slab_unreclaimable;
  if (kernel_.cgroup_version() == CgroupVersion::v1) {
    return pair_line("cache", bytes(stats.file)) + pair_line("rss", bytes(stats.anon)) +
           pair_line("shmem", bytes(stats.shmem)) + pair_line("swap", bytes(group.swap.usage)) +
           pair_line("pgfault", stats.pgfault) + pair_line("pgmajfault", stats.pgmajfault);
  }
  std::string text = pair_line("anon", bytes(stats.anon)) + pair_line("file", bytes(stats.file));
  if (profile_.kernel_stat)
    text += pair_line("kernel", bytes(stats.kernel_stack + stats.page_tables) + slab.count());
  text += pair_line("kernel_stack", bytes(stats.kernel_stack));
  if (profile_.kernel_stat) text += pair_line("pagetables", bytes(stats.page_tables));
  return text + pair_line("sock", bytes(stats.sock)) + pair_line("shmem", bytes(stats.shmem)) +
         pair_line("file_dirty", bytes(stats.file_dirty)) +
         pair_line("slab_reclaimable", stats.slab_reclaimable.count()) +
         pair_line("slab_unreclaimable", stats.slab_unreclaimable.count()) +
         pair_line("slab", slab.count()) +
         pair_line("workingset_refault_anon", stats.refault_anon) +
         pair_line("workingset_refault_file", stats.refault_file) +
         pair_line("pgscan", stats.pgscan) + pair_line("pgsteal", stats.pgsteal) +
         pair_line("pgfault", stats.pgfault) + pair_line("pgmajfault", stats.pgmajfault);
}

Text World::text_of(std::string_view file) {
  if (file.starts_with(kParameters)) {
    const auto text = driver_.read(file.substr(kParameters.size()));
    return text ? Text(*text) : tl::unexpected(ENOENT);
  }
  if (file.starts_with("/proc/{")) {
    const std::size_t close = file.find('}');
    const Process* process = find_process(file.substr(7, close - 7));
    if (process == nullptr || process->life == Life::gone) return tl::unexpected(ENOENT);
    return process_text(*process, file.substr(close + 2));
  }
  if (file == "/proc/meminfo") return meminfo_text();
  if (file == "/proc/vmstat") return vmstat_text();
  if (file == "/proc/buddyinfo") return buddyinfo_text();
  if (const auto pressure = pressure_file(file)) return pressure_text(*pressure);
  if (file == "/proc/swaps") {
    const SimSwap& swap = kernel_.machine().swap();
    std::string text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    if (swap.total > Pages(0)) {
      text += std::string(swap.kind == SwapKind::zram ? "/dev/zram0" : "/dev/vda") +
              "                               partition\t" + std::to_string(kib(swap.total)) +
              "\t\t" + std::to_string(kib(swap.used)) + "\t\t-2\n";
    }
    return text;
  }
  if (file.starts_with("/dev/core.")) {
    const auto core = cores_.find(file.substr(10));
    if (core == cores_.end()) return tl::unexpected(ENOENT);
    return std::string(
        "\x7f"
        "ELF");
  }
  if (file.starts_with("/proc/sys/")) {
    std::string name(file.substr(10));
    std::replace(name.begin(), name.end(), '/', '.');
    const auto set = sysctl_texts_.find(name);
    if (set != sysctl_texts_.end()) return set->second + "\n";
    const Sysctls& sysctls = kernel_.sysctls();
    const std::pair<std::string_view, std::int64_t> defaults[] = {
        {"vm.overcommit_memory", static_cast<std::int64_t>(sysctls.overcommit)},
        {"vm.overcommit_ratio", sysctls.overcommit_ratio},
        {"vm.overcommit_kbytes", sysctls.overcommit_kbytes.count()},
        {"vm.swappiness", sysctls.swappiness},
        {"vm.panic_on_oom", sysctls.panic_on_oom},
        {"vm.oom_kill_allocating_task", sysctls.oom_kill_allocating_task ? 1 : 0},
        {"vm.oom_dump_tasks", sysctls.oom_dump_tasks ? 1 : 0},
        {"vm.min_free_kbytes", kernel_.machine().min_free().count()},
        {"vm.admin_reserve_kbytes", kernel_.machine().admin_reserve().count()},
        {"vm.user_reserve_kbytes", kernel_.machine().user_reserve().count()}};
    for (const auto& [known, value] : defaults) {
      if (known == name) return line(value);
    }
    return tl::unexpected(ENOENT);
  }
  const auto parts = split_cgroup_file(file);
  Memcg* group = parts ? kernel_.memcgs().find(parts->cgroup) : nullptr;
  if (group == nullptr) return tl::unexpected(ENOENT);
  return cgroup_text(*group, parts->file);
}

}  // namespace oomkit::sim
