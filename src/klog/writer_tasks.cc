// The task table, in the columns of its age.
//
// A row has no holes: a column that the report does not know is worked out from others
// (page tables in pages from bytes, rss from its parts) or is 0.
#include <optional>
#include <string>
#include <string_view>

#include "kernel/badness.h"
#include "klog/writer_parts.h"

namespace oomkit {
namespace {

std::int64_t pages_of(const std::optional<Pages>& pages) {
  return pages.value_or(Pages(0)).count();
}

std::string folded_header(const TableFormat& format) {
  std::string folded;
  Words words(table_header(format));
  for (auto word = words.next(); !word.empty(); word = words.next())
    folded.append(folded.empty() ? "" : " ").append(word);
  return folded;
}

bool has_parts(TableForm form) {
  return form == TableForm::rss_parts;
}
bool has_pgtables(TableForm form) {
  return form == TableForm::pgtables || form == TableForm::rss_parts;
}
bool has_ptes(TableForm form) {
  return form == TableForm::ptes || form == TableForm::ptes_pmds;
}
bool has_adj(TableForm form) {
  return form == TableForm::cpu_adj || form == TableForm::cpu_adj_scoreadj;
}

Task reduced_rss(const Task& row, TableForm form) {
  Task task;
  const Pages parts = row.rss_anon.value_or(Pages(0)) + row.rss_file.value_or(Pages(0)) +
                      row.rss_shmem.value_or(Pages(0));
  task.total_vm = row.total_vm.value_or(Pages(0));
  task.rss = row.rss.value_or(parts);
  if (!has_parts(form)) return task;
  const bool parts_known = row.rss_anon || row.rss_file || row.rss_shmem;
  task.rss_anon = parts_known ? row.rss_anon.value_or(Pages(0)) : task.rss;
  task.rss_file = row.rss_file.value_or(Pages(0));
  task.rss_shmem = row.rss_shmem.value_or(Pages(0));
  return task;
}

Task reduced(const Task& row, TableForm form, PageSize page_size) {
  Task task = reduced_rss(row, form);
  task.pid = row.pid;
  task.uid = printed_signed(row.uid.value_or(0));
  task.tgid = row.tgid.value_or(row.pid);
  task.comm = row.comm;
  const Bytes pgtables = pgtables_bytes(row, page_size).value_or(Bytes(0));
  if (has_pgtables(form)) task.pgtables = pgtables;
  if (has_ptes(form)) {
    task.nr_ptes = row.nr_ptes.value_or(floor_pages(pgtables, page_size).count());
    if (form == TableForm::ptes_pmds) task.nr_pmds = row.nr_pmds.value_or(0);
  }
  if (has_adj(form)) {
    task.cpu = row.cpu.value_or(0);
    task.oom_adj = row.oom_adj.value_or(oom_adj_of_score_adj(row.oom_score_adj.value_or(0)));
  } else {
    task.swapents = row.swapents.value_or(Pages(0));
  }
  if (form != TableForm::cpu_adj)
    task.oom_score_adj = row.oom_score_adj.value_or(score_adj_of_oom_adj(row.oom_adj.value_or(0)));
  return task;
}

void write_row(const Task& task, const TableFormat& format, LineWriter& out) {
  out.text("[").padded(task.pid, format.title ? 7 : 5).text("] ");
  out.padded(*task.uid, 5).text(" ").padded(*task.tgid, 5).text(" ");
  out.padded(pages_of(task.total_vm), 8).text(" ").padded(pages_of(task.rss), 8).text(" ");
  if (has_adj(format.form)) {
    out.padded(*task.cpu, 3).text("     ").padded(*task.oom_adj, 3);
    if (format.form == TableForm::cpu_adj_scoreadj)
      out.text("         ").padded(*task.oom_score_adj, 5);
    out.text(" ").text(task.comm).end();
    return;
  }
  if (has_parts(format.form)) {
    out.padded(pages_of(task.rss_anon), 8).text(" ").padded(pages_of(task.rss_file), 8).text(" ");
    out.padded(pages_of(task.rss_shmem), 9).text(" ");
  }
  if (has_ptes(format.form)) {
    out.padded(*task.nr_ptes, 7).text(" ");
    if (task.nr_pmds) out.padded(*task.nr_pmds, 7).text(" ");
  } else {
    out.padded(task.pgtables->count(), 8).text(" ");
  }
  out.padded(pages_of(task.swapents), 8).text("         ").padded(*task.oom_score_adj, 5);
  out.text(" ").text(task.comm).end();
}

}  // namespace

void reduce_tasks(OomReport& report, const Printing& printing) {
  const TableFormat& format = printing.format.table;
  if (format.form == TableForm::absent) report.at.tasks.clear();
  report.task_header.reset();
  if (report.at.tasks.empty()) return;
  for (Task& task : report.at.tasks)
    task = reduced(task, format.form, printing.page_size);
  report.task_header = folded_header(format);
}

void write_tasks(const OomReport& report, const Printing& printing, LineWriter& out) {
  if (report.at.tasks.empty()) return;
  if (printing.format.table.title) out.text("Tasks state (memory values in pages):").end();
  out.text(table_header(printing.format.table)).end();
  for (const Task& task : report.at.tasks)
    write_row(task, printing.format.table, out);
}

}  // namespace oomkit
