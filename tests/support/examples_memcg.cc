// The examples whose limit is a memory cgroup's.
#include <chrono>
#include <utility>

#include "tests/support/examples.h"

namespace oomkit::test {
namespace {

constexpr std::int64_t kPage = 4096;

struct Stat {
  std::string_view name;
  std::int64_t value;
};

MemcgStat stat_of(std::initializer_list<Stat> stats) {
  MemcgStat stat;
  for (const Stat& entry : stats)
    stat.set(entry.name, entry.value);
  return stat;
}

void set_memcg(OomReport& report, const std::string& path, KiB usage, KiB limit,
               std::uint64_t failcnt) {
  report.constraint = Constraint::memcg;
  MemcgReport& memcg = report.at.memcg.emplace();
  memcg.version = 2;
  memcg.oom_path = path;
  memcg.task_path = path;
  memcg.stat_path = path;
  memcg.memory = MemcgCounter{usage, limit, failcnt, 0};
  memcg.swap = MemcgCounter{KiB(0), KiB(0), 0, 0};
  const std::size_t name = path.rfind('/');
  report.selection->cpuset = path.substr(name + 1);
  report.selection->mems_allowed = "0";
}

std::vector<std::string> charge_stack() {
  return {"dump_stack_lvl",     "dump_stack",        "dump_header",
          "oom_kill_process",   "out_of_memory",     "mem_cgroup_out_of_memory",
          "try_charge_memcg",   "charge_memcg",      "__mem_cgroup_charge",
          "do_anonymous_page",  "__handle_mm_fault", "handle_mm_fault",
          "do_user_addr_fault", "exc_page_fault",    "asm_exc_page_fault"};
}

// The pod of three_kills_example(), at one of its three moments.
struct PodMoment {
  std::int64_t collector_anon;  // Of the process that grows.
  std::int64_t other_anon;      // Of the one that is killed for it.
  std::int64_t other_pid;
  std::string_view other_comm;
  std::uint64_t failcnt;
};

OomReport pod_report(const PodMoment& moment) {
  constexpr std::int64_t kLimitPages = 65536;  // 256 MiB.
  const std::string pod =
      "/kubepods.slice/kubepods-burstable.slice/"
      "kubepods-burstable-pod7b1f9d2c_04ae_4c6b_8f35_2e9d61a0c7b4.slice";
  const std::vector<Row> rows = {
      {21844, 65535, "pause", 244, 9, 1, 0, 0, 28, -998},
      {21902, 1000, "api-server", 310244, 8192, 3310, 0, 0, 620, 968},
      {21950, 1000, "collector", 184502, moment.collector_anon, 1180, 0, 0, 440, 968},
      {moment.other_pid, 1000, moment.other_comm, 98120, moment.other_anon, 940, 0, 0, 300, 968}};
  const bool collector_dies = moment.other_anon < moment.collector_anon;
  OomReport report = kill_report(rows, collector_dies ? 21950 : moment.other_pid);
  report.trigger->comm = "api-server";
  report.trigger->pid = 21910;
  report.trigger->oom_score_adj = 968;
  report.at.kernel_release = "5.15.0-105-generic";
  report.hardware = "Acme Cloud Compute/Standard, BIOS 1.4.2 03/11/2022";
  report.stack = charge_stack();
  set_memcg(report, pod, KiB(kLimitPages * 4), KiB(kLimitPages * 4), moment.failcnt);
  report.at.memcg->task_path = pod +
                               "/cri-containerd-"
                               "5d2f0a8c9b7e4161a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081920"
                               ".scope";

  const std::int64_t anon = 9 + 8192 + moment.collector_anon + moment.other_anon;
  const std::int64_t slab_reclaimable = 310;
  const std::int64_t slab_unreclaimable = 1420;
  const std::int64_t pagetables = (28 + 620 + 440 + 300) / 4;
  const std::int64_t kernel_stack = 112;
  // What the per-cpu stocks have charged in advance is in no statistic.
  const std::int64_t stock = 41;
  const std::int64_t file = kLimitPages - anon - slab_reclaimable - slab_unreclaimable -
                            pagetables - kernel_stack - stock;
  report.at.memcg->stat = stat_of({
      {"anon", anon * kPage},
      {"file", file * kPage},
      {"kernel_stack", kernel_stack * kPage},
      {"pagetables", pagetables * kPage},
      {"percpu", 0},
      {"sock", 0},
      {"shmem", 0},
      {"file_mapped", file * kPage / 2},
      {"file_dirty", 0},
      {"file_writeback", 0},
      {"swapcached", 0},
      {"anon_thp", 0},
      {"file_thp", 0},
      {"shmem_thp", 0},
      {"inactive_anon", (anon - 212) * kPage},
      {"active_anon", 212 * kPage},
      {"inactive_file", (file / 2) * kPage},
      {"active_file", (file - file / 2) * kPage},
      {"unevictable", 0},
      {"slab_reclaimable", slab_reclaimable * kPage},
      {"slab_unreclaimable", slab_unreclaimable * kPage},
      {"slab", (slab_reclaimable + slab_unreclaimable) * kPage},
      {"workingset_refault_anon", 0},
      {"workingset_refault_file", 10211 + static_cast<std::int64_t>(moment.failcnt)},
      {"workingset_activate_anon", 0},
      {"workingset_activate_file", 3120},
      {"pgfault", 1822340},
      {"pgmajfault", 4410},
      {"pgscan", 99120},
      {"pgsteal", 31288},
  });
  return report;
}

}  // namespace

OomReport socket_memory_example() {
  const std::vector<Row> rows = {{48190, 1000, "tini", 612, 20, 194, 0, 0, 44, 984},
                                 {48213, 1000, "relay", 412356, 24610, 2210, 0, 0, 572, 984},
                                 {48251, 1000, "healthcheck", 178140, 202, 610, 0, 0, 140, 984}};
  OomReport report = kill_report(rows, 48213);
  report.trigger->pid = 48219;
  report.at.kernel_release = "6.1.0-18-amd64";
  report.hardware = "Acme Cloud Compute/Standard, BIOS 1.4.2 03/11/2022";
  report.stack = charge_stack();
  set_memcg(report,
            "/kubepods.slice/kubepods-burstable.slice/"
            "kubepods-burstable-pod3f0c2a9e_6d1b_4e57_9a42_b7c8d90e1f23.slice/"
            "cri-containerd-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.scope",
            KiB(524288), KiB(524288), 90412);

  const std::int64_t limit = 131072;  // Pages.
  const std::int64_t anon = 20 + 24610 + 202;
  const std::int64_t file = 1024;
  const std::int64_t kernel = 2815;
  const std::int64_t stock = 15;  // Charged in advance, in no statistic.
  const std::int64_t sock = limit - anon - file - kernel - stock;
  report.at.memcg->stat = stat_of({
      {"anon", anon * kPage},
      {"file", file * kPage},
      {"kernel", kernel * kPage},
      {"kernel_stack", 1064960},
      {"pagetables", 774144},
      {"sec_pagetables", 0},
      {"percpu", 12288},
      {"sock", sock * kPage},
      {"vmalloc", 0},
      {"shmem", 0},
      {"zswap", 0},
      {"zswapped", 0},
      {"file_mapped", 987136},
      {"file_dirty", 0},
      {"file_writeback", 0},
      {"swapcached", 0},
      {"anon_thp", 0},
      {"inactive_anon", (anon - 12) * kPage},
      {"active_anon", 12 * kPage},
      {"inactive_file", 2101248},
      {"active_file", file * kPage - 2101248},
      {"unevictable", 0},
      {"slab_reclaimable", 2306048},
      {"slab_unreclaimable", 7364608},
      {"slab", 9670656},
      {"workingset_refault_anon", 0},
      {"workingset_refault_file", 188231},
      {"workingset_activate_anon", 0},
      {"workingset_activate_file", 90117},
      {"pgscan", 412730},
      {"pgsteal", 201554},
      {"pgfault", 902341},
      {"pgmajfault", 6120},
  });
  return report;
}

std::vector<TimedReport> three_kills_example() {
  using std::chrono::seconds;
  std::vector<TimedReport> reports;
  reports.push_back({seconds(0), pod_report({20480, 32100, 22011, "thumbnailer", 1841})});
  reports.push_back({seconds(64), pod_report({26112, 26500, 23377, "thumbnailer", 3906})});
  reports.push_back({seconds(131), pod_report({31744, 20800, 24102, "thumbnailer", 6230})});
  return reports;
}

}  // namespace oomkit::test
