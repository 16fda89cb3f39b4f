// The examples in which a whole host runs out of memory.
//
// Zones and processes are written down; what show_mem() sums up from them is computed, so
// the parts of an example always make up its whole.
#include <array>
#include <utility>

#include "tests/support/examples.h"

namespace oomkit::test {
namespace {

// A zone in kB, with the counts of its free blocks from 4 kB up.
struct ZoneRow {
  std::string_view name;
  std::int64_t min = 0;
  std::int64_t present = 0;
  std::int64_t managed = 0;
  std::int64_t active_anon = 0;
  std::int64_t inactive_anon = 0;
  std::int64_t active_file = 0;
  std::int64_t inactive_file = 0;
  std::int64_t unevictable = 0;
  std::array<std::int64_t, 11> free_blocks{};
  std::array<std::int64_t, 5> lowmem_reserve{};  // Pages.
};

struct KernelPages {
  std::int64_t slab_reclaimable, slab_unreclaimable, kernel_stack, pagetables;
};

std::string_view migratetypes_of(std::size_t order) {
  return order < 3 ? "UME" : order < 8 ? "UM" : "M";
}

Zone zone_of(const ZoneRow& row) {
  Zone zone;
  zone.node = 0;
  zone.name = row.name;
  KiB free;
  for (std::size_t order = 0; order < row.free_blocks.size(); ++order) {
    FreeBlocks blocks{row.free_blocks[order], KiB(std::int64_t{4} << order), ""};
    if (blocks.count > 0) blocks.migratetypes = migratetypes_of(order);
    free += blocks.block_size * blocks.count;
    zone.free_blocks.push_back(blocks);
  }
  zone.free_blocks_total = free;
  zone.amounts.set("free", free);
  zone.amounts.set("min", KiB(row.min));
  zone.amounts.set("low", KiB(row.min + row.min / 4));
  zone.amounts.set("high", KiB(row.min + row.min / 2));
  zone.amounts.set("reserved_highatomic", KiB(0));
  zone.amounts.set("active_anon", KiB(row.active_anon));
  zone.amounts.set("inactive_anon", KiB(row.inactive_anon));
  zone.amounts.set("active_file", KiB(row.active_file));
  zone.amounts.set("inactive_file", KiB(row.inactive_file));
  zone.amounts.set("unevictable", KiB(row.unevictable));
  zone.amounts.set("writepending", KiB(0));
  zone.amounts.set("present", KiB(row.present));
  zone.amounts.set("managed", KiB(row.managed));
  zone.amounts.set("mlocked", KiB(row.unevictable));
  zone.amounts.set("bounce", KiB(0));
  zone.amounts.set("free_pcp", KiB(0));
  zone.amounts.set("local_pcp", KiB(0));
  zone.amounts.set("free_cma", KiB(0));
  for (const std::int64_t reserve : row.lowmem_reserve)
    zone.lowmem_reserve.emplace_back(reserve);
  return zone;
}

constexpr std::array<std::string_view, 5> kLists = {"active_anon", "inactive_anon", "active_file",
                                                    "inactive_file", "unevictable"};

Pages pages_of(KiB amount) {
  return floor_pages(to_bytes(amount), PageSize::k4K);
}

void sum_up(HostMemory& memory, std::int64_t shmem, std::int64_t mapped,
            const KernelPages& kernel) {
  Node node;
  KiB free;
  KiB present;
  KiB managed;
  for (const std::string_view list : kLists) {
    KiB sum;
    for (const Zone& zone : memory.zones)
      sum += *zone.find(list);
    node.amounts.set(list, sum);
    memory.counters.set(list, pages_of(sum));
  }
  for (const Zone& zone : memory.zones) {
    free += *zone.find("free");
    present += *zone.find("present");
    managed += *zone.find("managed");
  }
  const auto both = [&](std::string_view name, std::int64_t pages) {
    memory.counters.set(name, Pages(pages));
    node.amounts.set(name, KiB(pages * 4));
  };
  both("mapped", mapped);
  both("dirty", 12);
  both("writeback", 0);
  both("shmem", shmem);
  both("pagetables", kernel.pagetables);
  for (const std::string_view name : {"isolated(anon)", "isolated(file)", "shmem_thp",
                                      "shmem_pmdmapped", "anon_thp", "writeback_tmp"})
    node.amounts.set(name, KiB(0));
  node.amounts.set("kernel_stack", KiB(kernel.kernel_stack * 4));
  node.all_unreclaimable = true;
  memory.counters.set("slab_reclaimable", Pages(kernel.slab_reclaimable));
  memory.counters.set("slab_unreclaimable", Pages(kernel.slab_unreclaimable));
  for (const std::string_view name :
       {"isolated_anon", "isolated_file", "unstable", "bounce", "free_pcp", "free_cma"})
    memory.counters.set(name, Pages(0));
  memory.counters.set("free", pages_of(free));
  memory.nodes.push_back(std::move(node));
  memory.ram = pages_of(present);
  memory.reserved = pages_of(present - managed);
  memory.highmem = Pages(0);
  memory.cma_reserved = Pages(0);
  memory.hwpoisoned = Pages(0);
  memory.hugepages.push_back({0, 0, 0, 0, KiB(2048), 0});
  memory.swapcache = Pages(0);
  memory.pagecache = memory.counters.find("active_file").value_or(Pages(0)) +
                     memory.counters.find("inactive_file").value_or(Pages(0)) + Pages(shmem);
}

std::vector<std::string> page_fault_stack() {
  return {"dump_stack",
          "dump_header",
          "oom_kill_process",
          "out_of_memory",
          "__alloc_pages_slowpath",
          "__alloc_pages_nodemask",
          "alloc_pages_vma",
          "do_anonymous_page",
          "handle_mm_fault",
          "do_user_addr_fault",
          "exc_page_fault",
          "asm_exc_page_fault"};
}

std::vector<std::string> socket_stack() {
  return {"dump_stack",
          "dump_header",
          "oom_kill_process",
          "out_of_memory",
          "__alloc_pages_slowpath",
          "__alloc_pages_nodemask",
          "alloc_pages_current",
          "kmalloc_order",
          "kmalloc_order_trace",
          "__kmalloc",
          "sk_prot_alloc",
          "sk_alloc",
          "inet_create",
          "__sock_create",
          "sys_socket",
          "do_syscall_64",
          "entry_SYSCALL_64_after_hwframe"};
}

std::vector<ZoneRow> swap_full_zones() {
  return {
      {.name = "DMA",
       .min = 264,
       .present = 15992,
       .managed = 15908,
       .free_blocks = {2, 1, 1, 0, 1, 1, 1, 0, 1, 1, 3},
       .lowmem_reserve = {0, 2991, 3967, 3967, 3967}},
      {.name = "DMA32",
       .min = 50752,
       .present = 3129188,
       .managed = 3063652,
       .active_anon = 1204180,
       .inactive_anon = 1700020,
       .active_file = 1180,
       .inactive_file = 2212,
       .free_blocks = {1437, 1152, 590, 262, 91, 23, 6, 2, 1, 0, 0},
       .lowmem_reserve = {0, 0, 976, 976, 976}},
      {.name = "Normal",
       .min = 16568,
       .present = 1048576,
       .managed = 1000180,
       .active_anon = 401200,
       .inactive_anon = 452400,
       .active_file = 1040,
       .inactive_file = 1640,
       .unevictable = 4096,
       .free_blocks = {1053, 545, 247, 80, 12, 1, 0, 0, 0, 0, 0}},
  };
}

std::vector<ZoneRow> fragmentation_zones() {
  return {
      {.name = "DMA",
       .min = 132,
       .present = 15992,
       .managed = 15908,
       .free_blocks = {1, 0, 0, 1, 2, 1, 1, 0, 1, 1, 3},
       .lowmem_reserve = {0, 2983, 7951, 7951, 7951}},
      {.name = "DMA32",
       .min = 25384,
       .present = 3129332,
       .managed = 3063796,
       .active_anon = 1190240,
       .inactive_anon = 10240,
       .active_file = 460120,
       .inactive_file = 470110,
       .free_blocks = {38120, 28110, 12044, 0, 0, 0, 0, 0, 0, 0, 0},
       .lowmem_reserve = {0, 0, 4968, 4968, 4968}},
      {.name = "Normal",
       .min = 42240,
       .present = 5242880,
       .managed = 5087444,
       .active_anon = 1630240,
       .inactive_anon = 29120,
       .active_file = 1044120,
       .inactive_file = 1010240,
       .unevictable = 3652,
       .free_blocks = {61234, 40211, 12033, 0, 0, 0, 0, 0, 0, 0, 0}},
  };
}

}  // namespace

std::vector<Task> tasks_of(const std::vector<Row>& rows) {
  std::vector<Task> tasks;
  for (const Row& row : rows) {
    Task task;
    task.pid = row.pid;
    task.tgid = row.pid;
    task.uid = row.uid;
    task.comm = row.comm;
    task.total_vm = Pages(row.total_vm);
    task.rss = Pages(row.anon + row.file + row.shmem);
    task.rss_anon = Pages(row.anon);
    task.rss_file = Pages(row.file);
    task.rss_shmem = Pages(row.shmem);
    task.swapents = Pages(row.swap);
    task.pgtables = to_bytes(KiB(row.pgtables_kib));
    task.oom_score_adj = row.adj;
    tasks.push_back(std::move(task));
  }
  return tasks;
}

OomReport kill_report(const std::vector<Row>& rows, std::int64_t pid) {
  OomReport report;
  report.verdict = Verdict::killed;
  report.constraint = Constraint::none;
  report.at.page_size = PageSize::k4K;
  report.at.tasks = tasks_of(rows);
  report.selection.emplace();
  report.selection->cpuset = "/";
  report.selection->mems_allowed = "0";
  Trigger& trigger = report.trigger.emplace();
  trigger.gfp_mask = 0xcc0;
  trigger.gfp_text = "GFP_KERNEL";
  trigger.order = 0;
  trigger.cpu = 1;
  for (const Task& task : report.at.tasks) {
    if (task.pid != pid) continue;
    trigger.comm = task.comm;
    trigger.pid = task.pid;
    trigger.oom_score_adj = task.oom_score_adj;
    Victim victim;
    victim.pid = task.pid;
    victim.comm = task.comm;
    report.victims = {victim};
  }
  return report;
}

OomReport swap_full_example() {
  const std::vector<Row> rows = {{241, 0, "systemd-journal", 12330, 180, 320, 0, 240, 120, -250},
                                 {262, 0, "systemd-udevd", 5520, 210, 90, 0, 610, 72, -1000},
                                 {548, 104, "dbus-daemon", 2020, 160, 110, 0, 140, 56, -900},
                                 {560, 0, "sshd", 3340, 90, 60, 0, 190, 64, -1000},
                                 {702, 107, "postgres", 54710, 1430, 320, 5120, 1210, 150, -900},
                                 {731, 107, "postgres", 55010, 2210, 260, 1080, 3310, 400, 0},
                                 {905, 33, "nginx", 14210, 820, 210, 0, 1630, 110, 0},
                                 {1377, 1000, "bash", 2110, 130, 90, 0, 310, 60, 0},
                                 {1622, 1000, "indexer", 1580032, 831210, 480, 0, 512120, 10740, 0},
                                 {1701, 1000, "python3", 131072, 96810, 390, 0, 3890, 980, 0}};
  OomReport report = kill_report(rows, 1622);
  report.trigger->comm = "postgres";
  report.trigger->pid = 731;
  report.trigger->oom_score_adj = 0;
  report.trigger->gfp_mask = 0x100dca;
  report.trigger->gfp_text = "GFP_HIGHUSER_MOVABLE|__GFP_ZERO";
  report.at.kernel_release = "5.10.0-28-amd64";
  report.hardware = "Acme Server 2200/M1, BIOS 2.1.0 07/08/2019";
  report.stack = page_fault_stack();
  report.at.memcg.emplace().task_path = "/system.slice/indexer.service";
  HostMemory& memory = report.at.host_memory.emplace();
  // The lists hold the processes' 933250 anonymous pages and 6200 of shared memory.
  for (const ZoneRow& row : swap_full_zones())
    memory.zones.push_back(zone_of(row));
  sum_up(memory, 6200, 4810, {9210, 21884, 3584, 12960});
  memory.zones.back().amounts.set("pagetables", KiB(std::int64_t{12960} * 4));
  memory.swapcache = Pages(212);
  *memory.pagecache += *memory.swapcache;
  memory.swap_total = KiB(2097148);
  memory.swap_free = KiB(84);
  report.victims[0].reaped = true;
  return report;
}

OomReport fragmentation_example() {
  const std::vector<Row> rows = {{388, 0, "systemd-journal", 19240, 410, 2240, 0, 0, 150, 0},
                                 {402, 0, "systemd-udevd", 11220, 520, 410, 0, 0, 110, -1000},
                                 {811, 0, "sshd", 16230, 240, 510, 0, 0, 130, -1000},
                                 {977, 0, "dockerd", 241210, 14310, 5120, 0, 0, 420, -500},
                                 {1404, 0, "containerd", 188210, 6120, 4010, 0, 0, 330, -500},
                                 {2210, 999, "java", 1490210, 402110, 3310, 0, 0, 3740, 0},
                                 {2533, 999, "java", 1180210, 288120, 3290, 0, 0, 2710, 0},
                                 {3108, 1001, "collectd", 44210, 1310, 980, 0, 0, 160, 0}};
  OomReport report = kill_report(rows, 2210);
  report.trigger->comm = "dockerd";
  report.trigger->pid = 1012;
  report.trigger->oom_score_adj = -500;
  report.trigger->order = 3;
  report.trigger->gfp_mask = 0x14040c0;
  report.trigger->gfp_text = "GFP_KERNEL|__GFP_COMP";
  report.selection->score = 199;
  report.at.kernel_release = "4.15.0-213-generic";
  report.hardware = "Acme Server 2200/M1, BIOS 2.1.0 07/08/2019";
  report.stack = socket_stack();
  HostMemory& memory = report.at.host_memory.emplace();
  for (const ZoneRow& row : fragmentation_zones())
    memory.zones.push_back(zone_of(row));
  sum_up(memory, 1820, 41210, {128000, 90410, 3210, 8120});
  memory.nodes[0].all_unreclaimable = false;
  for (Zone& zone : memory.zones) {
    zone.amounts.set("kernel_stack", KiB(zone.name == "Normal" ? 12840 : 0));
    zone.amounts.set("pagetables", KiB(zone.name == "Normal" ? 32480 : 0));
  }
  memory.swap_total = KiB(0);
  memory.swap_free = KiB(0);
  return report;
}

}  // namespace oomkit::test
