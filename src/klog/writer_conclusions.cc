// What a reader concludes from the text as a whole: the scope, the page size, what is missing.
//
// It is concluded here by the reader's own rule (evidence.h) from the reduced report. What a
// log can carry of its scope is then one rule in one place, and a change of it needs no second
// one here; that the reader finds in the text what the reduction left is what remains to test.
#include "klog/evidence.h"
#include "klog/writer.h"
#include "klog/writer_parts.h"

namespace oomkit {

void reduce_conclusions(OomReport& report, const Printing& printing) {
  if (printing.kills && report.victims.empty()) report.verdict = Verdict::unknown;
  report.begins_cut = !report.trigger;
  report.elided = false;
  report.lines_lost = 0;
  report.damaged_lines = 0;
  report.suppressed_before = 0;
  report.tasks_dropped = 0;
  report.at.uptime.reset();
  report.at.time.reset();
  report.at.host.reset();
  report.killer_reason.reset();
  ReportSigns signs;
  signs.frames = !report.stack.empty();
  if (report.at.memcg) signs.no_limit = no_limit_printed(*report.at.memcg, printing);
  conclude(report, signs);
}

OomReport strip_provenance(OomReport report) {
  report.input.clear();
  report.first_line = 0;
  report.last_line = 0;
  report.panic_line = 0;
  if (report.trigger) {
    report.trigger->line = 0;
    report.trigger->cpu_line = 0;
  }
  if (report.selection) report.selection->line = 0;
  if (report.at.host_memory) {
    HostMemory& memory = *report.at.host_memory;
    memory.line = memory.counters_line = memory.ram_line = memory.swap_line = 0;
    for (Node& node : memory.nodes)
      node.line = 0;
    for (Zone& zone : memory.zones)
      zone.line = zone.free_blocks_line = 0;
    for (HugepagePool& pool : memory.hugepages)
      pool.line = 0;
    for (SlabCache& cache : memory.unreclaimable_slab)
      cache.line = 0;
  }
  if (report.at.memcg) {
    MemcgReport& memcg = *report.at.memcg;
    for (auto* counter : {&memcg.memory, &memcg.memsw, &memcg.swap, &memcg.kmem}) {
      if (*counter) (*counter)->line = 0;
    }
    memcg.stat_line = 0;
    for (MemcgSubtreeStat& cgroup : memcg.subtree)
      cgroup.line = 0;
  }
  for (Task& task : report.at.tasks)
    task.line = 0;
  for (Victim& victim : report.victims)
    victim.line = victim.reap_line = 0;
  for (ReapedOther& other : report.also_reaped)
    other.line = 0;
  return report;
}

}  // namespace oomkit
