// What a reader concludes from the text as a whole, worked out from the report that was
// written: the scope, the page size, what is missing.
#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "klog/writer.h"
#include "klog/writer_parts.h"

namespace oomkit {
namespace {

void conclude_constraint(OomReport& report, const Printing& printing) {
  const bool word_printed = report.selection && report.selection->constraint_word;
  if (word_printed) {
    report.constraint_source = ConstraintSource::stated;
    if (report.constraint == Constraint::unknown) report.constraint = Constraint::none;
    return;
  }
  const bool memcg_said = printing.memcg_scope && (printing.kills || report.at.memcg);
  const bool policy_said = printing.kills && printing.reason.substr(0, 2) == "No";
  if (memcg_said || policy_said) {
    report.constraint_source = ConstraintSource::inferred;
    return;
  }
  report.constraint = Constraint::unknown;
  report.constraint_source = ConstraintSource::absent;
}

}  // namespace

void reduce_conclusions(OomReport& report, const Printing& printing) {
  conclude_constraint(report, printing);
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
