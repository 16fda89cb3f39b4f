#include "klog/writer.h"

#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

Task task(std::int64_t pid, const std::string& comm, std::int64_t total_vm, std::int64_t rss) {
  Task row;
  row.pid = pid;
  row.tgid = pid;
  row.uid = 1000;
  row.comm = comm;
  row.total_vm = Pages(total_vm);
  row.rss = Pages(rss);
  row.rss_anon = Pages(rss - 200);
  row.rss_file = Pages(200);
  row.rss_shmem = Pages(0);
  row.pgtables = Bytes(73728);
  row.swapents = Pages(12);
  row.oom_score_adj = 0;
  return row;
}

// A worker of a container that met its limit of 50 MiB.
OomReport container_report() {
  OomReport report;
  report.verdict = Verdict::killed;
  report.constraint = Constraint::memcg;
  report.trigger.emplace();
  report.trigger->comm = "web worker";
  report.trigger->pid = 4711;
  report.trigger->cpu = 1;
  report.trigger->gfp_mask = 0xcc0;
  report.trigger->gfp_text = "GFP_KERNEL";
  report.trigger->order = 0;
  report.trigger->oom_score_adj = 0;
  report.stack = {"dump_header", "oom_kill_process"};
  report.selection.emplace();
  report.selection->cpuset = "app";
  report.selection->mems_allowed = "0";
  report.selection->score = 931;
  report.at.page_size = PageSize::k4K;
  report.at.memcg.emplace();
  MemcgReport& memcg = *report.at.memcg;
  memcg.version = 1;
  memcg.oom_path = "/app";
  memcg.task_path = "/app/worker";
  memcg.memory = MemcgCounter{KiB(51200), KiB(51200), 24, 0};
  memcg.memsw = MemcgCounter{KiB(51248), std::nullopt, 0, 0};
  memcg.kmem = MemcgCounter{KiB(360), std::nullopt, 0, 0};
  memcg.stat.set("anon", 50331648);
  memcg.stat.set("file", 819200);
  memcg.stat.set("sec_pagetables", 0);
  memcg.stat.set("pgfault", 18231);
  report.at.tasks = {task(4711, "web worker", 14715, 9781), task(4712, "log:shipper", 3691, 2821)};
  Victim victim;
  victim.pid = 4711;
  victim.comm = "web worker";
  victim.reaped = true;
  report.victims = {victim};
  return report;
}

TEST(WriterTest, MemcgReportOf6_18) {
  EXPECT_EQ(write_report(container_report(), {6, 18, 0}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 1 UID: 1000 PID: 4711 Comm: web worker Not tainted 6.18.0 #1 PREEMPT(voluntary)
Call Trace:
 <TASK>
 dump_header+0x255/0x32e
 oom_kill_process+0xc5/0x114
 </TASK>
memory: usage 51200kB, limit 51200kB, failcnt 24
memory+swap: usage 51248kB, limit 9007199254740988kB, failcnt 0
kmem: usage 360kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /app:
rss 50331648
cache 819200
sec_pagetables 0
pgfault 18231
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name
[   4711]  1000  4711    14715     9781     9581      200         0    73728       12             0 web worker
[   4712]  1000  4712     3691     2821     2621      200         0    73728       12             0 log:shipper
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=app,mems_allowed=0,oom_memcg=/app,task_memcg=/app/worker,task=web worker,pid=4711,uid=1000
Memory cgroup out of memory: Killed process 4711 (web worker) total-vm:58860kB, anon-rss:38324kB, file-rss:800kB, shmem-rss:0kB, UID:1000 pgtables:72kB oom_score_adj:0
oom_reaper: reaped process 4711 (web worker), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
)");
}

TEST(WriterTest, MemcgReportOf4_8) {
  EXPECT_EQ(write_report(container_report(), {4, 8, 0}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
web worker cpuset=app mems_allowed=0
CPU: 1 PID: 4711 Comm: web worker Not tainted 4.8.0 #1
Call Trace:
 [<ffffffff819fde4d>] dump_header+0x255/0x32e
 [<ffffffff810474bd>] oom_kill_process+0xc5/0x114
Task in /app/worker killed as a result of limit of /app
memory: usage 51200kB, limit 51200kB, failcnt 24
memory+swap: usage 51248kB, limit 9007199254740988kB, failcnt 0
kmem: usage 360kB, limit 9007199254740988kB, failcnt 0
Memory cgroup stats for /app: cache:800KB rss:49152KB
[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name
[ 4711]  1000  4711    14715     9781      18       0       12             0 web worker
[ 4712]  1000  4712     3691     2821      18       0       12             0 log:shipper
Memory cgroup out of memory: Kill process 4711 (web worker) score 931 or sacrifice child
Killed process 4711 (web worker) total-vm:58860kB, anon-rss:38324kB, file-rss:800kB, shmem-rss:0kB
oom_reaper: reaped process 4711 (web worker), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB
)");
}

TEST(WriterTest, MemcgReportOf3_2) {
  EXPECT_EQ(write_report(container_report(), {3, 2, 0}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0, order=0, oom_adj=0, oom_score_adj=0
web worker cpuset=app mems_allowed=0
Pid: 4711, comm: web worker Not tainted 3.2.0 #1
Call Trace:
 [<ffffffff819fde4d>] dump_header+0x255/0x32e
 [<ffffffff810474bd>] oom_kill_process+0xc5/0x114
Task in /app/worker killed as a result of limit of /app
memory: usage 51200kB, limit 51200kB, failcnt 24
memory+swap: usage 51248kB, limit 9007199254740991kB, failcnt 0
[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name
[ 4711]  1000  4711    14715     9781   0       0             0 web worker
[ 4712]  1000  4712     3691     2821   0       0             0 log:shipper
Memory cgroup out of memory: Kill process 4711 (web worker) score 931 or sacrifice child
Killed process 4711 (web worker) total-vm:58860kB, anon-rss:38324kB, file-rss:800kB
)");
}

Zone zone(const std::string& name, std::int64_t free) {
  Zone zone;
  zone.node = 0;
  zone.name = name;
  zone.amounts.set("free", KiB(free));
  zone.amounts.set("min", KiB(44));
  zone.amounts.set("low", KiB(55));
  zone.amounts.set("high", KiB(66));
  zone.amounts.set("reserved_highatomic", KiB(0));
  zone.amounts.set("active_anon", KiB(40));
  zone.amounts.set("active_file", KiB(8));
  zone.amounts.set("inactive_anon", KiB(16));
  zone.amounts.set("inactive_file", KiB(4));
  zone.amounts.set("present", KiB(15992));
  zone.amounts.set("managed", KiB(15360));
  zone.pages_scanned = 77;
  zone.all_unreclaimable = true;
  zone.lowmem_reserve = {Pages(0), Pages(2983), Pages(7951)};
  zone.free_blocks = {{1, KiB(4), "U"}, {0, KiB(8), ""}, {free / 16, KiB(16), "UM"}};
  return zone;
}

OomReport host_report() {
  OomReport report = container_report();
  report.constraint = Constraint::none;
  report.stack.clear();
  report.hardware = "Acme Box/1, BIOS 2.0";
  report.taint = "Tainted: G OE";
  report.at.kernel_release = "5.10.0-28-amd64";
  report.at.memcg = MemcgReport{};
  report.at.memcg->task_path = "/system.slice/web.service";
  report.at.host_memory.emplace();
  HostMemory& memory = *report.at.host_memory;
  memory.counters.set("active_anon", Pages(115555));
  memory.counters.set("inactive_anon", Pages(65));
  memory.counters.set("active_file", Pages(39));
  memory.counters.set("inactive_file", Pages(53));
  memory.counters.set("slab_reclaimable", Pages(2013));
  memory.counters.set("slab_unreclaimable", Pages(2087));
  memory.counters.set("free", Pages(1176));
  memory.counters.set("mapped", Pages(28));
  memory.nodes.emplace_back();
  memory.nodes[0].amounts.set("active_anon", KiB(462220));
  memory.nodes[0].amounts.set("shmem", KiB(1024));
  memory.nodes[0].amounts.set("shmem_thp", KiB(1));
  memory.nodes[0].amounts.set("shmem_pmdmapped", KiB(2));
  memory.nodes[0].amounts.set("anon_thp", KiB(2048));
  memory.nodes[0].amounts.set("kernel_stack", KiB(1888));
  memory.nodes[0].all_unreclaimable = false;
  memory.zones = {zone("DMA", 1604), zone("DMA32", 2724)};
  memory.hugepages.push_back({0, 2, 1, 0, KiB(2048), 0});
  memory.pagecache = Pages(180);
  memory.swapcache = Pages(3);
  memory.swap_free = KiB(84);
  memory.swap_total = KiB(1048572);
  memory.ram = Pages(130972);
  memory.highmem = Pages(0);
  memory.reserved = Pages(5503);
  memory.unreclaimable_slab.push_back({"kmalloc-64", KiB(26093), KiB(26100), 0});
  report.victims[0].reaped.reset();
  return report;
}

TEST(WriterTest, HostReportOf5_10) {
  EXPECT_EQ(write_report(host_report(), {5, 10, 0}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 1 PID: 4711 Comm: web worker Tainted: G           OE     5.10.0-28-amd64 #1
Hardware name: Acme Box/1, BIOS 2.0
Mem-Info:
active_anon:115555 inactive_anon:65
 active_file:39 inactive_file:53
 slab_reclaimable:2013 slab_unreclaimable:2087
 mapped:28
 free:1176
Node 0 active_anon:462220kB shmem:1024kB shmem_thp: 1kB shmem_pmdmapped: 2kB anon_thp: 2048kB kernel_stack:1888kB all_unreclaimable? no
Node 0 DMA free:1604kB min:44kB low:55kB high:66kB reserved_highatomic:0KB active_anon:40kB inactive_anon:16kB active_file:8kB inactive_file:4kB present:15992kB managed:15360kB
lowmem_reserve[]: 0 2983 7951
Node 0 DMA32 free:2724kB min:44kB low:55kB high:66kB reserved_highatomic:0KB active_anon:40kB inactive_anon:16kB active_file:8kB inactive_file:4kB present:15992kB managed:15360kB
lowmem_reserve[]: 0 2983 7951
Node 0 DMA: 1*4kB (U) 0*8kB 100*16kB (UM) = 1604kB
Node 0 DMA32: 1*4kB (U) 0*8kB 170*16kB (UM) = 2724kB
Node 0 hugepages_total=2 hugepages_free=1 hugepages_surp=0 hugepages_size=2048kB
180 total pagecache pages
3 pages in swap cache
Free swap  = 84kB
Total swap = 1048572kB
130972 pages RAM
0 pages HighMem/MovableOnly
5503 pages reserved
Unreclaimable slab info:
Name                      Used          Total
kmalloc-64             26093KB      26100KB
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[   4711]  1000  4711    14715     9781    73728       12             0 web worker
[   4712]  1000  4712     3691     2821    73728       12             0 log:shipper
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=app,mems_allowed=0,global_oom,task_memcg=/system.slice/web.service,task=web worker,pid=4711,uid=1000
Out of memory: Killed process 4711 (web worker) total-vm:58860kB, anon-rss:38324kB, file-rss:800kB, shmem-rss:0kB, UID:1000 pgtables:72kB oom_score_adj:0
)");
}

TEST(WriterTest, HostReportOf2_6_32) {
  EXPECT_EQ(write_report(host_report(), {2, 6, 32}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0, order=0, oom_adj=0
web worker cpuset=app mems_allowed=0
Pid: 4711, comm: web worker Tainted: G           2.6.32 #1
Mem-Info:
active_anon:115555 inactive_anon:65
 active_file:39 inactive_file:53
 free:1176 slab_reclaimable:2013 slab_unreclaimable:2087
 mapped:28
Node 0 DMA free:1604kB min:44kB low:55kB high:66kB active_anon:40kB inactive_anon:16kB active_file:8kB inactive_file:4kB present:15992kB pages_scanned:77 all_unreclaimable? yes
lowmem_reserve[]: 0 2983 7951
Node 0 DMA32 free:2724kB min:44kB low:55kB high:66kB active_anon:40kB inactive_anon:16kB active_file:8kB inactive_file:4kB present:15992kB pages_scanned:77 all_unreclaimable? yes
lowmem_reserve[]: 0 2983 7951
Node 0 DMA: 1*4kB 0*8kB 100*16kB = 1604kB
Node 0 DMA32: 1*4kB 0*8kB 170*16kB = 2724kB
180 total pagecache pages
3 pages in swap cache
Free swap  = 84kB
Total swap = 1048572kB
130972 pages RAM
0 pages HighMem
5503 pages reserved
[ pid ]   uid  tgid total_vm      rss cpu oom_adj name
[ 4711]  1000  4711    14715     9781   0       0 web worker
[ 4712]  1000  4712     3691     2821   0       0 log:shipper
Out of memory: kill process 4711 (web worker) score 931 or a child
Killed process 4711 (web worker)
)");
}

TEST(WriterTest, HostReportOf2_6_18) {
  EXPECT_EQ(write_report(host_report(), {2, 6, 18}),
            R"(web worker invoked oom-killer: gfp_mask=0xcc0, order=0, oomkilladj=0
Mem-info:
Active:115594 inactive:118 free:1176 slab:4100
Node 0 DMA free:1604kB min:44kB low:55kB high:66kB active:48kB inactive:20kB present:15992kB pages_scanned:77 all_unreclaimable? yes
lowmem_reserve[]: 0 2983 7951
Node 0 DMA32 free:2724kB min:44kB low:55kB high:66kB active:48kB inactive:20kB present:15992kB pages_scanned:77 all_unreclaimable? yes
lowmem_reserve[]: 0 2983 7951
Node 0 DMA: 1*4kB 0*8kB 100*16kB = 1604kB
Node 0 DMA32: 1*4kB 0*8kB 170*16kB = 2724kB
Free swap  = 84kB
Total swap = 1048572kB
Free swap:           84kB
130972 pages of RAM
5503 reserved pages
3 pages swap cached
Out of Memory: Kill process 4711 (web worker) score 931 and children.
Out of memory: Killed process 4711 (web worker).
)");
}

TEST(WriterTest, NodeLineOf4_9HasItsShmemAmountsUnderWrongNames) {
  const std::string text = write_report(host_report(), {4, 9, 0});
  EXPECT_NE(text.find("shmem:1kB shmem_thp: 2kB shmem_pmdmapped: 2048kB anon_thp: 1024kB"),
            std::string::npos)
      << text;
}

TEST(WriterTest, ThpAmountsLoseTheirBlankIn6_8) {
  const std::string text = write_report(host_report(), {6, 8, 0});
  EXPECT_NE(text.find("shmem_thp:1kB shmem_pmdmapped:2kB anon_thp:2048kB"), std::string::npos)
      << text;
}

TEST(WriterTest, NamesTheSacrificedChildBehindItsParent) {
  OomReport report = container_report();
  report.selection->pid = 4700;
  report.selection->comm = "parent";
  report.victims[0].role = Victim::Role::child;
  report.victims[0].reaped.reset();
  const std::string text = write_report(report, {4, 4, 0});
  EXPECT_NE(text.find("Kill process 4700 (parent) score 931 or sacrifice child\n"
                      "Killed process 4711 (web worker) total-vm:58860kB"),
            std::string::npos)
      << text;
}

TEST(WriterTest, AGroupKillRepeatsTheChosenOne) {
  OomReport report = container_report();
  report.trigger.reset();
  report.at.tasks.clear();
  report.victims[0].reaped.reset();
  report.oom_group = "/app";
  Victim member;
  member.pid = 4712;
  member.comm = "log:shipper";
  member.role = Victim::Role::group_member;
  report.victims.push_back(member);
  const std::string text = write_report(report, {5, 3, 0});
  const std::string sizes = "total-vm:0kB, anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n";
  EXPECT_NE(
      text.find("Memory cgroup out of memory: Killed process 4711 (web worker) " + sizes +
                "Tasks in /app are going to be killed due to memory.oom.group set\n"
                "Memory cgroup out of memory: Killed process 4711 (web worker) " +
                sizes + "Memory cgroup out of memory: Killed process 4712 (log:shipper) " + sizes),
      std::string::npos)
      << text;
}

TEST(WriterTest, APanicSaysWhyInTheWordsOfItsKernel) {
  OomReport report = host_report();
  report.verdict = Verdict::panic;
  report.victims.clear();
  report.panic_text = "Out of memory and no killable processes...";
  EXPECT_NE(write_report(report, {4, 4, 0})
                .find("Kernel panic - not syncing: Out of memory and no killable processes...\n"),
            std::string::npos);
  EXPECT_NE(write_report(report, {5, 4, 0})
                .find("Out of memory and no killable processes...\n"
                      "Kernel panic - not syncing: System is deadlocked on memory\n"),
            std::string::npos);
  report.panic_text = "Out of memory: system-wide panic_on_oom is enabled";
  EXPECT_NE(write_report(report, {2, 6, 32})
                .find("Kernel panic - not syncing: out of memory. panic_on_oom is selected\n"),
            std::string::npos);
  EXPECT_EQ(write_report(report, {5, 4, 0}).find("oom-kill:"), std::string::npos)
      << "a panic comes before the choice is named";
}

TEST(WriterTest, OldKernelsSayNothingOfAMemcgWithoutACandidate) {
  OomReport report = container_report();
  report.verdict = Verdict::no_killable;
  report.victims.clear();
  EXPECT_EQ(write_report(report, {4, 18, 0}), "");
  EXPECT_NE(write_report(report, {4, 19, 0}).find("no killable processes...\n"), std::string::npos);
}

TEST(WriterTest, AStatisticThatANewerKernelAddedIsLeftOut) {
  const OomReport printed = as_printed_by(container_report(), {5, 15, 0});
  EXPECT_FALSE(printed.at.memcg->stat.find("sec_pagetables"));
  EXPECT_EQ(printed.at.memcg->stat.find("anon"), 50331648);
}

TEST(WriterTest, AListInOneRecordEndsWhereTheRecordDoes) {
  OomReport report = container_report();
  report.at.memcg->stat = {};
  for (int i = 0; i < 100; ++i)
    report.at.memcg->stat.set("workingset_" + std::to_string(i), 1000000000000 + i);
  const std::string cut = write_report(report, {5, 10, 0});
  EXPECT_NE(cut.find("\nworkingset_30 "), std::string::npos);
  EXPECT_EQ(cut.find("\nworkingset_60 "), std::string::npos);
  EXPECT_NE(write_report(report, {6, 4, 0}).find("\nworkingset_99 "), std::string::npos);
}

TEST(WriterTest, KilledByAUserspaceKillerIsNotTheKernelsToPrint) {
  OomReport report = container_report();
  report.killer = Killer::earlyoom;
  EXPECT_EQ(write_report(report, {6, 1, 0}), "");
}

}  // namespace
}  // namespace oomkit
