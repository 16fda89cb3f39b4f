#include "lab/model_tick.h"

#include <algorithm>
#include <chrono>

namespace oomkit {
namespace {

using namespace std::chrono_literals;
using sim::ListKind;
using sim::Memcg;
using sim::Process;

// Of a guard in a rehearsal's machine with 6.12, by its schedstat: looks at the host alone, among
// 20 cgroups, and among 100 processes.
constexpr sim::SimTime kHostLook = 3'500us;
constexpr sim::SimTime kCgroupLook = 2'300us;
constexpr sim::SimTime kProcessLook = 1'000us;
constexpr std::string_view kProgram = "/init";  // Of all processes of a scenario.

Known<Bytes> to_known(Pages pages) {
  return to_bytes(pages, PageSize::k4K);
}
Known<Bytes> limit_of(Pages pages) {
  return pages >= sim::kNoLimit ? kUnlimited : to_bytes(pages, PageSize::k4K);
}
Fact fact_of(bool is) {
  return is ? Fact::yes : Fact::no;
}

// A cgroup's number is its inode's to a guard; the root's is the first.
std::uint64_t id_of(std::size_t index) {
  return index + 1;
}

TickPressureLine line_of(const sim::PressureLine& from) {
  TickPressureLine line;
  line.avg10_centipercent = from.averages[0];
  line.avg60_centipercent = from.averages[1];
  line.avg300_centipercent = from.averages[2];
  line.total = Microseconds(from.total_us);
  return line;
}
TickPressure pressure_of(const sim::PressureLines& lines) {
  return {line_of(lines.some), line_of(lines.full)};
}

std::int64_t weight_of(const TickProcess& row) {
  if (row.oom_score) return std::int64_t{*row.oom_score} << 40;
  return row.rss.value_or(Bytes(0)).count();
}

}  // namespace

ModelTick::ModelTick(sim::Surroundings& world, const TickNeeds& needs, const SensorRoom& room)
    : world_(world), needs_(needs), room_(room), reads_cgroups_(needs.cgroups) {
  cgroups_.reserve(room.cgroups);
  processes_.reserve(room.processes);
  tick_.own_pid = static_cast<std::int32_t>(world.itself().pid);
}

ModelTick::Due ModelTick::due(const TickWish& wish) const {
  return {reads_cgroups_ && schedule_.cgroups_due(wish),
          schedule_.processes_due(world_.since_boot().count(), wish)};
}

sim::SimTime ModelTick::cost_of_next(const TickWish& wish) {
  const Due next = due(wish);
  sim::SimTime cost = kHostLook;
  if (next.cgroups)
    cost += kCgroupLook * static_cast<int>(world_.kernel().memcgs().groups().size());
  if (next.processes) cost += kProcessLook * static_cast<int>(count_wished(wish));
  return cost;
}

const Tick& ModelTick::read(const TickWish& wish) {
  tick_.now = world_.since_boot();
  tick_.host = read_host();
  tick_.has_cgroups = false;
  tick_.cgroups = {};
  tick_.processes = {};
  tick_.processes_read = ProcessesRead::none;
  tick_.processes_cut = false;
  const Due now = due(wish);
  if (now.cgroups) {
    read_cgroups();
    schedule_.cgroups_were_read();
    tick_.has_cgroups = true;
    tick_.cgroups = cgroups_;
    tick_.own_cgroup = 0;
  }
  if (!now.processes) return tick_;
  read_processes(wish);
  const auto took = kProcessLook.count() * static_cast<std::int64_t>(processes_.size());
  const std::int64_t end_ns = tick_.now.count();
  schedule_.processes_were_read(end_ns - took, end_ns);
  tick_.processes = processes_;
  tick_.processes_read =
      wish.all_processes || !reads_cgroups_ ? ProcessesRead::all : ProcessesRead::some;
  return tick_;
}

TickHost ModelTick::read_again() {
  world_.use(kHostLook);
  return read_host();
}

int ModelTick::folder_of(std::uint64_t cgroup_id) const {
  const auto index = static_cast<std::size_t>(cgroup_id) - 1;
  return index < world_.kernel().memcgs().groups().size() ? static_cast<int>(index) : -1;
}

TickHost ModelTick::read_host() {
  sim::Kernel& kernel = world_.kernel();
  Memcg& root = kernel.memcgs().root();
  const sim::MemcgStats& stats = kernel.root_stats();
  const sim::SimSwap& swap = kernel.machine().swap();
  TickHost host;
  host.mem_total = to_known(kernel.totalram());
  host.mem_free = to_known(kernel.machine().free());
  host.mem_available = to_known(kernel.mem_available());
  host.anon = to_known(stats.anon + kernel.init_anon());
  host.shmem = to_known(stats.shmem + kernel.init_shmem());
  host.file = to_known(sim::MemcgTree::listed(root, ListKind::active_file) +
                       sim::MemcgTree::listed(root, ListKind::inactive_file));
  host.slab_unreclaimable = to_known(kernel.slab_unreclaimable());
  host.dirty = to_known(stats.file_dirty);
  host.swap_total = to_known(swap.total);
  host.swap_free = to_known(swap.free());
  host.swap_cached = Bytes(0);
  if (needs_.watermarks) {
    Pages min, low, high;
    for (const sim::SimZone& zone : kernel.machine().zones()) {
      min += zone.levels.min;
      low += zone.levels.low;
      high += zone.levels.high;
    }
    host.watermark_min = to_known(min);
    host.watermark_low = to_known(low);
    host.watermark_high = to_known(high);
  }
  if (needs_.zram) describe_zram(swap, host);
  const sim::VmStat& stat = kernel.vmstat();
  host.pgscan_kswapd = stat.pgscan_kswapd;
  host.pgscan_direct = stat.pgscan_direct;
  host.pgsteal_kswapd = stat.pgsteal_kswapd;
  host.pgsteal_direct = stat.pgsteal_direct;
  host.refault_anon = stat.refault_anon;
  host.refault_file = stat.refault_file;
  host.pswpin = stat.pswpin;
  host.pswpout = stat.pswpout;
  host.pgmajfault = stat.pgmajfault;
  host.oom_kill = stat.oom_kill;
  const sim::GroupPressure& pressure = world_.pressure_of(root);
  host.memory = pressure_of(pressure.memory);
  host.io = pressure_of(pressure.io);
  host.cpu = pressure_of(pressure.cpu);
  return host;
}

// /sys/block/zram0/mm_stat: what is in swap, and the signature of mkswap, which is alone in its
// page. Processes of a scenario have hardly anything that could be made smaller; how much smaller
// the memory of a host that was found became is not known.
void ModelTick::describe_zram(const sim::SimSwap& swap, TickHost& host) const {
  const bool has_zram = swap.kind == SwapKind::zram && swap.total > Pages(0);
  host.zram_limit = Bytes(0);  // No mem_limit.
  if (!has_zram) {
    host.zram_disksize = host.zram_original = host.zram_memory = Bytes(0);
    return;
  }
  constexpr Pages kSignature(1);
  host.zram_disksize = to_known(swap.total + kSignature);
  host.zram_original = to_known(swap.used + kSignature);
  if (!world_.kernel().is_found()) host.zram_memory = to_known(swap.dense + kSignature);
}

void ModelTick::read_cgroups() {
  cgroups_.clear();
  const auto& groups = world_.kernel().memcgs().groups();
  tick_.cgroups_cut = groups.size() > room_.cgroups;
  for (std::size_t i = 0; i < std::min(groups.size(), room_.cgroups); ++i) {
    TickCgroup row = row_of(*groups[i]);
    row.id = id_of(i);
    for (std::uint32_t above = 0; above < i; ++above) {
      if (groups[above].get() == groups[i]->parent) row.parent = above;
    }
    cgroups_.push_back(row);
  }
}

TickCgroup ModelTick::row_of(Memcg& group) const {
  sim::Kernel& kernel = world_.kernel();
  TickCgroup row;
  row.path = group.path;
  const sim::MemcgStats stats = sim::MemcgTree::total_of(group);
  const auto listed = [&](ListKind kind) { return to_known(sim::MemcgTree::listed(group, kind)); };
  row.anon = to_known(stats.anon);
  row.shmem = to_known(stats.shmem);
  row.active_anon = listed(ListKind::active_anon);
  row.inactive_anon = listed(ListKind::inactive_anon);
  row.active_file = listed(ListKind::active_file);
  row.inactive_file = listed(ListKind::inactive_file);
  row.unevictable = listed(ListKind::unevictable);
  row.pgmajfault = stats.pgmajfault;
  if (!group.is_root()) row.usage = to_known(group.memory.usage);
  if (kernel.cgroup_version() == CgroupVersion::v1) {
    row.max = limit_of(group.memory.max);
    row.high = kUnlimited;
    row.swap = to_known(group.swap.usage);
    return row;
  }
  row.slab_unreclaimable = stats.slab_unreclaimable;
  row.kernel_stack = to_known(stats.kernel_stack);
  if (kernel.profile().kernel_stat) row.pagetables = to_known(stats.page_tables);
  row.sock = to_known(stats.sock);
  row.swapcached = Bytes(0);
  row.pgscan = stats.pgscan;
  row.refault_anon = stats.refault_anon;
  row.refault_file = stats.refault_file;
  const sim::GroupPressure& pressure = world_.pressure_of(group);
  row.memory = pressure_of(pressure.memory);
  row.io = pressure_of(pressure.io);
  // The root has none of the files of limits and events.
  if (!group.is_root()) take_v2(group, row);
  return row;
}

void ModelTick::take_v2(const Memcg& group, TickCgroup& row) const {
  row.swap = to_known(group.swap.usage);
  row.min = limit_of(group.min);
  row.low = limit_of(group.low);
  row.high = limit_of(group.high);
  row.max = limit_of(group.memory.max);
  row.swap_max = limit_of(group.swap.max);
  const auto count = [&](sim::MemcgEvent event) {
    return group.events[static_cast<std::size_t>(event)];
  };
  row.events_high = count(sim::MemcgEvent::high);
  row.events_max = count(sim::MemcgEvent::max);
  row.events_oom = count(sim::MemcgEvent::oom);
  row.events_oom_kill = count(sim::MemcgEvent::oom_kill);
  const auto& processes = world_.kernel().processes();
  row.populated = fact_of(std::any_of(processes.begin(), processes.end(), [&](const auto* each) {
    return each->memcg->is_within(group);
  }));
  row.frozen = fact_of(group.frozen);
  row.oom_group = fact_of(group.oom_group);
}

bool ModelTick::is_wished(const Memcg& group, const TickWish& wish) const {
  if (wish.all_processes || !reads_cgroups_) return true;
  const auto& groups = world_.kernel().memcgs().groups();
  return std::any_of(
      wish.processes_of.begin(), wish.processes_of.end(), [&](const std::uint64_t id) {
        return id <= groups.size() && group.is_within(*groups[static_cast<std::size_t>(id) - 1]);
      });
}

std::size_t ModelTick::count_wished(const TickWish& wish) const {
  const auto& all = world_.kernel().processes();
  const auto count = std::count_if(all.begin(), all.end(), [&](const Process* process) {
    return is_wished(*process->memcg, wish);
  });
  return std::min(static_cast<std::size_t>(count), room_.processes);
}

void ModelTick::read_processes(const TickWish& wish) {
  processes_.clear();
  std::vector<const Process*> seen;
  const auto add = [&](const Process& process) {
    if (!is_wished(*process.memcg, wish)) return;
    if (seen.size() == room_.processes) {
      tick_.processes_cut = true;
      return;
    }
    seen.push_back(&process);
    processes_.push_back(row_of(process));
  };
  add(world_.init());
  for (const Process* process : world_.kernel().processes())
    add(*process);
  const sim::SimSwap& swap = world_.kernel().machine().swap();
  std::vector<std::size_t> order(seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    order[i] = i;
    if (swap.used > Pages(0) && seen[i]->mm != nullptr)
      processes_[i].oom_score = static_cast<std::int32_t>(world_.kernel().oom_score(*seen[i]));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return weight_of(processes_[a]) > weight_of(processes_[b]);
  });
  for (std::size_t i = 0; i < std::min(order.size(), room_.leaders); ++i)
    look_closely(*seen[order[i]], processes_[order[i]]);
}

TickProcess ModelTick::row_of(const Process& process) const {
  TickProcess row;
  row.pid = static_cast<std::int32_t>(process.pid);
  row.comm = process.comm;
  row.start = world_.start_of(process);
  const bool is_child = process.parent != nullptr && process.parent->life != sim::Life::gone;
  row.ppid = process.pid == 1 ? 0 : is_child ? static_cast<std::int32_t>(process.parent->pid) : 1;
  // PID 1 and all that it starts stay in one process group.
  const bool is_apart = &process == &world_.itself();
  row.pgid = row.session = is_apart ? row.pid : 0;
  row.kernel_thread = Fact::no;
  row.threads = 1;
  row.state = world_.state_of(process);
  const sim::Kernel& kernel = world_.kernel();
  if (process.pid == 1) {
    row.rss = to_known(kernel.init_anon() + kernel.init_shmem());
  } else {
    row.rss = process.mm != nullptr ? to_known(process.mm->rss()) : Bytes(0);
  }
  const auto& groups = world_.kernel().memcgs().groups();
  for (std::uint32_t i = 0; i < std::min(groups.size(), room_.cgroups); ++i) {
    if (groups[i].get() == process.memcg) row.cgroup = i;
  }
  return row;
}

void ModelTick::look_closely(const Process& process, TickProcess& row) const {
  row.oom_score_adj = process.oom_score_adj;
  row.uid = process.uid;
  if (needs_.cmdline) row.cmdline = kProgram;
  if (needs_.exe) row.exe = kProgram;
  if (process.pid == 1) row.oom_score = 0;
  if (process.mm == nullptr) return;
  const sim::Mm& mm = *process.mm;
  row.rss_anon = to_known(mm.anon());
  row.rss_file = to_known(mm.base_file);
  row.rss_shmem = to_known(mm.shmem());
  row.pagetables = to_known(mm.tables);
  row.swap = to_known(mm.swapped());
  row.oom_score = static_cast<std::int32_t>(world_.kernel().oom_score(process));
}

}  // namespace oomkit
