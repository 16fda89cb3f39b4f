// The kernel's report of a shortage, as a value: dump_header() of mm/oom_kill.c, show_mem() of
// mm/show_mem.c, mem_cgroup_print_oom_meminfo() of mm/memcontrol.c. What of it a version prints is
// the writer's matter (klog/writer.h).
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "sim/kernel.h"

namespace oomkit::sim {
namespace {

// By ListKind.
constexpr std::array<std::string_view, kListKinds> kListNames = {
    "inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"};

constexpr std::uint64_t kGfpKernel = 0xcc0;
constexpr std::uint64_t kGfpUserPage = 0x100cca;  // GFP_HIGHUSER_MOVABLE
constexpr std::uint64_t kGfpZero = 0x100;

KiB kib_of(Pages pages) {
  return floor_kib(to_bytes(pages, PageSize::k4K));
}

std::string node_list_text(const std::vector<int>& nodes, std::size_t all) {
  if (nodes.empty()) return all == 1 ? "0" : "0-" + std::to_string(all - 1);
  std::string text;
  for (const int node : nodes)
    text += (text.empty() ? "" : ",") + std::to_string(node);
  return text;
}

MemcgCounter counter_of(const PageCounter& counter, std::int64_t failcnt) {
  MemcgCounter printed;
  printed.usage = kib_of(counter.usage);
  if (counter.max < kNoLimit) printed.limit = kib_of(counter.max);
  printed.failcnt = static_cast<std::uint64_t>(failcnt);
  return printed;
}

}  // namespace

OomReport Kernel::make_report(const Process& process, const OomRequest& request) const {
  OomReport report;
  report.killer = Killer::kernel;
  report.manual = request.manual;
  report.constraint = request.constraint;
  report.constraint_source = ConstraintSource::stated;
  report.scope = request.constraint;
  report.at.page_size = PageSize::k4K;
  report.at.kernel_release = release();
  Trigger trigger;
  trigger.comm = process.comm;
  trigger.pid = process.pid;
  trigger.uid = process.uid;
  trigger.order = request.order;
  trigger.oom_score_adj = process.oom_score_adj;
  trigger.cpu = 0;
  const bool user = request.user_page && request.memcg == nullptr;
  trigger.gfp_mask = user ? kGfpUserPage | kGfpZero : kGfpKernel;
  trigger.gfp_text = user ? "GFP_HIGHUSER_MOVABLE|__GFP_ZERO" : "GFP_KERNEL";
  report.trigger = std::move(trigger);
  report.stack = {"dump_stack", "dump_header", "oom_kill_process", "out_of_memory"};
  Selection selection;
  const char* word = "CONSTRAINT_NONE";
  if (request.constraint == Constraint::memcg) word = "CONSTRAINT_MEMCG";
  if (request.constraint == Constraint::cpuset) word = "CONSTRAINT_CPUSET";
  if (request.constraint == Constraint::memory_policy) word = "CONSTRAINT_MEMORY_POLICY";
  selection.constraint_word = word;
  if (request.constraint == Constraint::memory_policy)
    selection.nodemask = node_list_text(request.nodes, machine_.nodes());
  selection.cpuset = process.cpuset;
  selection.mems_allowed = node_list_text(process.mems, machine_.nodes());
  selection.global_oom = request.memcg == nullptr;
  report.selection = std::move(selection);
  if (request.memcg != nullptr) {
    describe_memcg(report, request);
  } else {
    describe_host(report);
    // The group that the victim is in is said of every kill; filled in when it is known.
    report.at.memcg.emplace();
  }
  if (sysctls_.oom_dump_tasks) describe_tasks(report, process, request);
  return report;
}

void Kernel::describe_tasks(OomReport& report, const Process& process,
                            const OomRequest& request) const {
  if (request.memcg == nullptr) {
    Task init;
    init.pid = 1;
    init.tgid = 1;
    init.uid = 0;
    init.comm = "init";
    init.total_vm = Pages(998);
    init.rss_anon = profile_.init_anon;
    init.rss_file = Pages(2);
    init.rss_shmem = Pages(508);
    init.rss = profile_.init_anon + Pages(510);
    init.swapents = Pages(0);
    init.pgtables = to_bytes(Pages(12), PageSize::k4K);
    init.oom_score_adj = -1000;
    report.at.tasks.push_back(std::move(init));
  }
  for (const Process* each : candidates(process, request))
    report.at.tasks.push_back(task_of(*each));
}

// What a thread, or a processor, has not added to the counters yet is not seen.
RssCounts Kernel::counted_of(const Mm& mm) const {
  if (profile_.splits_rss) return mm.by_thread.counted(mm.counts());
  if (profile_.counter_batch > 0)
    return mm.by_processor.counted(mm.counts(), profile_.counter_batch);
  return mm.counts();
}

// /proc sums up the counters of processors, and not those of threads.
RssCounts Kernel::told_counts_of(const Mm& mm) const {
  return profile_.splits_rss ? counted_of(mm) : mm.counts();
}

Task Kernel::task_of(const Process& process) const {
  Task task;
  task.pid = process.pid;
  task.tgid = process.pid;
  task.uid = process.uid;
  task.comm = process.comm;
  task.oom_score_adj = process.oom_score_adj;
  if (process.mm == nullptr) return task;
  const Mm& mm = *process.mm;
  const RssCounts counted = counted_of(mm);
  task.total_vm = mm.total_vm;
  task.rss_anon = counted.anon;
  task.rss_file = counted.file;
  task.rss_shmem = counted.shmem;
  task.rss = counted.rss();
  task.swapents = counted.swapped;
  task.pgtables = to_bytes(mm.tables, PageSize::k4K);
  return task;
}

void Kernel::describe_memcg(OomReport& report, const OomRequest& request) const {
  Memcg& group = *request.memcg;
  MemcgReport memcg;
  const bool v2 = cgroup_ == CgroupVersion::v2;
  memcg.version = v2 ? 2 : 1;
  memcg.oom_path = group.path;
  const auto max_event = static_cast<std::size_t>(MemcgEvent::max);
  const bool events_for_failcnt = v2 && profile_.version.major >= 7;
  memcg.memory =
      counter_of(group.memory, events_for_failcnt ? group.events[max_event] : group.memory.failcnt);
  if (v2) {
    memcg.swap = counter_of(group.swap, group.swap.failcnt);
  } else {
    memcg.memsw = counter_of(group.memsw, group.memsw.failcnt);
    memcg.kmem = counter_of(group.kmem, group.kmem.failcnt);
  }
  memcg.stat_path = group.path;
  const MemcgStats stats = MemcgTree::total_of(group);
  const auto bytes = [](Pages pages) { return to_bytes(pages, PageSize::k4K).count(); };
  const Bytes slab = stats.slab_reclaimable + stats.slab_unreclaimable;
  MemcgStat& stat = memcg.stat;
  stat.add("anon", bytes(stats.anon));
  stat.add("file", bytes(stats.file));
  if (profile_.kernel_stat)
    stat.add("kernel", bytes(stats.kernel_stack + stats.page_tables) + slab.count());
  stat.add("kernel_stack", bytes(stats.kernel_stack));
  if (profile_.kernel_stat) stat.add("pagetables", bytes(stats.page_tables));
  stat.add("sock", bytes(stats.sock));
  stat.add("shmem", bytes(stats.shmem));
  stat.add("file_dirty", bytes(stats.file_dirty));
  constexpr std::string_view kLists[] = {"inactive_anon", "active_anon", "inactive_file",
                                         "active_file", "unevictable"};
  for (std::size_t i = 0; i < kListKinds; ++i)
    stat.add(kLists[i], bytes(MemcgTree::listed(group, static_cast<ListKind>(i))));
  stat.add("slab_reclaimable", stats.slab_reclaimable.count());
  stat.add("slab_unreclaimable", stats.slab_unreclaimable.count());
  stat.add("slab", slab.count());
  stat.add("workingset_refault_anon", stats.refault_anon);
  stat.add("workingset_refault_file", stats.refault_file);
  stat.add("pgscan", stats.pgscan);
  stat.add("pgsteal", stats.pgsteal);
  stat.add("pgfault", stats.pgfault);
  stat.add("pgmajfault", stats.pgmajfault);
  if (v2) {
    memcg.min_protection = kib_of(group.effective_min);
    memcg.low_protection = kib_of(group.effective_low);
  }
  report.at.memcg = std::move(memcg);
}

Pages Kernel::on_lists(ListKind kind, std::optional<std::size_t> node) const {
  Pages sum;
  for (const auto& group : memcgs_.groups()) {
    for (std::size_t i = 0; i < group->lists.size(); ++i) {
      if (node && i != *node) continue;
      sum += MemcgTree::own_listed(*group, static_cast<int>(i), kind);
    }
  }
  // PID 1 and its program are locked, and in the first node.
  if (kind == ListKind::unevictable && node.value_or(0) == 0)
    sum += profile_.init_anon + profile_.init_shmem;
  return sum;
}

void Kernel::describe_counters(HostMemory& memory, Pages shmem) const {
  const auto put = [&](std::string_view name, Pages pages) { memory.counters.add(name, pages); };
  Pages pcp;
  for (const SimZone& zone : machine_.zones())
    pcp += zone.pcp;
  for (std::size_t i = 0; i < kListKinds; ++i)
    put(kListNames.at(i), on_lists(static_cast<ListKind>(i), std::nullopt));
  for (const char* name : {"isolated_anon", "isolated_file", "dirty", "writeback"})
    put(name, Pages(0));
  put("slab_reclaimable", slab_reclaimable_);
  put("slab_unreclaimable", slab_unreclaimable_);
  put("mapped", profile_.init_shmem);
  put("shmem", shmem);
  put("pagetables", page_tables_);
  for (const char* name : {"sec_pagetables", "bounce", "kernel_misc_reclaimable"})
    put(name, Pages(0));
  put("free", machine_.free());
  put("free_pcp", pcp);
  put("free_cma", Pages(0));
}

Node Kernel::describe_node(std::size_t node, Pages shmem) const {
  const auto in_first = [&](Pages pages) { return kib_of(node == 0 ? pages : Pages(0)); };
  constexpr std::int64_t kGivesUp = 16;  // MAX_RECLAIM_RETRIES
  Node described;
  described.id = static_cast<int>(node);
  for (std::size_t i = 0; i < kListKinds; ++i)
    described.amounts.add(kListNames.at(i), kib_of(on_lists(static_cast<ListKind>(i), node)));
  for (const char* name : {"isolated(anon)", "isolated(file)", "mapped", "dirty", "writeback"})
    described.amounts.add(name, KiB(0));
  described.amounts.add("shmem", in_first(shmem));
  described.amounts.add("writeback_tmp", KiB(0));
  described.amounts.add("kernel_stack", in_first(kernel_stack_));
  described.amounts.add("pagetables", in_first(page_tables_));
  described.amounts.add("sec_pagetables", KiB(0));
  described.all_unreclaimable = kswapds_[node].failures >= kGivesUp;
  return described;
}

Zone Kernel::describe_zone(const SimZone& zone) const {
  Zone described;
  described.node = zone.node;
  described.name = zone.name;
  const auto put = [&](std::string_view name, Pages pages) {
    described.amounts.add(name, kib_of(pages));
  };
  put("free", zone.free);
  put("boost", Pages(0));
  put("min", zone.levels.min);
  put("low", zone.levels.low);
  put("high", zone.levels.high);
  put("reserved_highatomic", Pages(0));
  put("free_highatomic", Pages(0));
  for (const std::string_view list : kListNames)
    put(list, Pages(0));
  put("writepending", Pages(0));
  put("present", zone.present);
  put("managed", zone.managed);
  put("mlocked", Pages(0));
  put("bounce", Pages(0));
  put("free_pcp", zone.pcp);
  put("local_pcp", zone.pcp);
  put("free_cma", Pages(0));
  for (const Pages reserve : zone.reserve)
    described.lowmem_reserve.push_back(reserve);
  std::int64_t kib = 4;
  for (const std::int64_t blocks : machine_.blocks(zone)) {
    described.free_blocks.push_back({blocks, KiB(kib), blocks > 0 ? "U" : ""});
    kib *= 2;
  }
  return described;
}

void Kernel::describe_host(OomReport& report) const {
  HostMemory memory;
  Pages shmem = profile_.init_shmem;
  Pages pagecache = profile_.init_shmem;
  for (const auto& group : memcgs_.groups()) {
    shmem += group->own.shmem;
    pagecache += group->own.file;
  }
  describe_counters(memory, shmem);
  for (std::size_t node = 0; node < machine_.nodes(); ++node)
    memory.nodes.push_back(describe_node(node, shmem));
  Pages present;
  for (const SimZone& zone : machine_.zones()) {
    present += zone.present;
    memory.zones.push_back(describe_zone(zone));
  }
  memory.pagecache = pagecache;
  memory.swapcache = swap_cached_;
  memory.swap_free = kib_of(machine_.swap().free());
  memory.swap_total = kib_of(machine_.swap().total);
  memory.ram = present;
  memory.highmem = Pages(0);
  memory.reserved = present - machine_.managed();
  memory.hwpoisoned = Pages(0);
  report.at.host_memory = std::move(memory);
}

}  // namespace oomkit::sim
