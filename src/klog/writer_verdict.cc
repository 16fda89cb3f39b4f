// The end of a report: who was chosen, who died, what the reaper did; or a panic, or nobody.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "klog/writer_parts.h"

namespace oomkit {
namespace {

constexpr std::string_view kNoCandidate = "Out of memory and no killable processes...";

std::string_view constraint_word(const OomReport& report) {
  switch (report.constraint) {
    case Constraint::memcg:
      return "CONSTRAINT_MEMCG";
    case Constraint::cpuset:
      return "CONSTRAINT_CPUSET";
    case Constraint::memory_policy:
      return "CONSTRAINT_MEMORY_POLICY";
    case Constraint::none:
    case Constraint::unknown:
      break;
  }
  return "CONSTRAINT_NONE";
}

const Task* row_of(const OomReport& report, std::optional<std::int64_t> pid) {
  for (const Task& task : report.at.tasks) {
    if (task.pid == pid) return &task;
  }
  return nullptr;
}

KiB in_kib(const std::optional<Pages>& pages, PageSize size) {
  return floor_kib(to_bytes(pages.value_or(Pages(0)), size));
}

// The sizes that a kill line cannot leave out, from the victim's row if it has none.
void fill_sizes(Victim& victim, const Task* row, const Printing& printing) {
  const PageSize size = printing.page_size;
  const Task unknown;
  if (row == nullptr) row = &unknown;
  if (!victim.total_vm) victim.total_vm = in_kib(row->total_vm, size);
  if (!victim.anon_rss) victim.anon_rss = in_kib(row->rss_anon ? row->rss_anon : row->rss, size);
  if (!victim.file_rss) victim.file_rss = in_kib(row->rss_file, size);
  if (!victim.shmem_rss) victim.shmem_rss = in_kib(row->rss_shmem, size);
  victim.uid = printed_unsigned(victim.uid ? *victim.uid : row->uid.value_or(0));
  if (!victim.pgtables) victim.pgtables = floor_kib(pgtables_bytes(*row, size).value_or(Bytes(0)));
  if (!victim.oom_score_adj) victim.oom_score_adj = row->oom_score_adj.value_or(0);
}

void drop_sizes(Victim& victim, KillForm form) {
  if (form <= KillForm::bare) {
    victim.total_vm.reset();
    victim.anon_rss.reset();
    victim.file_rss.reset();
  }
  if (form <= KillForm::total_vm) victim.shmem_rss.reset();
  if (form <= KillForm::reason_shmem) {
    victim.uid.reset();
    victim.pgtables.reset();
    victim.oom_score_adj.reset();
  }
}

Victim reduced(const Victim& full, const OomReport& report, const Printing& printing) {
  Victim victim;
  victim.pid = full.pid.value_or(0);
  victim.comm = full.comm.value_or("");
  victim.role = full.role;
  const bool chosen =
      !report.selection || !report.selection->pid || report.selection->pid == full.pid;
  if (victim.role == Victim::Role::child && chosen) victim.role = Victim::Role::chosen;
  if (victim.role == Victim::Role::shares_memory) return victim;
  if (printing.format.verdict.reaper && full.reaped) {
    victim.reaped = full.reaped;
    if (*full.reaped) {
      victim.reaped_anon_rss = full.reaped_anon_rss.value_or(KiB(0));
      victim.reaped_file_rss = full.reaped_file_rss.value_or(KiB(0));
      victim.reaped_shmem_rss = full.reaped_shmem_rss.value_or(KiB(0));
    }
  }
  if (full.already_exiting) {
    victim.already_exiting = true;
    return victim;
  }
  victim.total_vm = full.total_vm;
  victim.anon_rss = full.anon_rss;
  victim.file_rss = full.file_rss;
  victim.shmem_rss = full.shmem_rss;
  victim.uid = full.uid;
  victim.pgtables = full.pgtables;
  victim.oom_score_adj = full.oom_score_adj;
  fill_sizes(victim, row_of(report, full.pid), printing);
  drop_sizes(victim, printing.format.verdict.kill);
  return victim;
}

bool is_printed(const Victim& victim, const OomReport& report, const VerdictFormat& format) {
  if (victim.from_selection) return false;
  if (victim.already_exiting) return format.already_exiting;
  switch (victim.role) {
    case Victim::Role::chosen:
      return true;
    case Victim::Role::child:
      return format.choice != ChoiceForm::absent;
    case Victim::Role::group_member:
      return format.oom_group && report.oom_group.has_value();
    case Victim::Role::shares_memory:
      return format.sharers;
  }
  return false;
}

void reduce_victims(OomReport& report, const Printing& printing) {
  const VerdictFormat& format = printing.format.verdict;
  if (!format.oom_group) report.oom_group.reset();
  std::vector<Victim> victims;
  if (printing.kills) {
    for (const Victim& victim : report.victims) {
      if (is_printed(victim, report, format)) victims.push_back(reduced(victim, report, printing));
    }
  }
  report.victims = std::move(victims);
  report.also_reaped.clear();
  if (!printing.kills) report.oom_group.reset();
}

// What the trigger and cpuset lines have of it in old kernels, the choice and kill lines later.
void reduce_selection(OomReport& report, const Printing& printing) {
  const VerdictFormat& format = printing.format.verdict;
  const Selection full = report.selection.value_or(Selection{});
  Selection selection;
  const bool oom_kill_line = printing.oom_kill_line;
  const bool choice_line = printing.kills && format.choice != ChoiceForm::absent;
  const bool cpuset_line = printing.format.head.cpuset_line && report.trigger.has_value();

  if (oom_kill_line) {
    selection.constraint_word =
        full.constraint_word ? *full.constraint_word : std::string(constraint_word(report));
    selection.nodemask = full.nodemask;
    const bool memcg_named = report.at.memcg && report.at.memcg->task_path;
    selection.global_oom = !printing.memcg_scope && memcg_named;
  }
  if ((oom_kill_line || cpuset_line) && full.cpuset && full.mems_allowed) {
    selection.cpuset = full.cpuset;
    selection.mems_allowed = full.mems_allowed;
  }
  if (oom_kill_line || choice_line) {
    const Victim* first = report.victims.empty() ? nullptr : &report.victims.front();
    selection.pid = full.pid;
    if (!selection.pid && first != nullptr) selection.pid = first->pid;
    selection.comm = full.comm;
    if (!selection.comm && first != nullptr) selection.comm = first->comm;
    if (!selection.pid) selection.pid = 0;
    if (!selection.comm) selection.comm = "";
  }
  if (oom_kill_line) {
    const Task* row = row_of(report, selection.pid);
    const std::int64_t row_uid = row != nullptr ? row->uid.value_or(0) : 0;
    selection.uid = printed_signed(full.uid.value_or(row_uid));
  }
  if (choice_line) selection.score = full.score.value_or(0);
  report.selection.reset();
  if (selection != Selection{}) report.selection = std::move(selection);
}

// The panic's cause by its words, whichever kernel they are of.
std::string_view panic_text(const OomReport& report, const Printing& printing) {
  const VerdictFormat& format = printing.format.verdict;
  const std::string_view text = report.panic_text ? *report.panic_text : std::string_view();
  const auto says = [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  };
  if (says("no killable") || says("deadlocked")) return format.panic_no_task;
  if (printing.memcg_scope || says("(memcg)")) return format.panic_memcg;
  const bool constrained =
      report.constraint == Constraint::cpuset || report.constraint == Constraint::memory_policy;
  if (says("ompulsory") || (text.empty() && constrained)) return format.panic_compulsory;
  return format.panic_system_wide;
}

void write_oom_kill_line(const OomReport& report, LineWriter& out) {
  const Selection& selection = *report.selection;
  out.text("oom-kill:constraint=").text(*selection.constraint_word);
  out.text(",nodemask=").text(selection.nodemask ? *selection.nodemask : "(null)");
  if (selection.cpuset)
    out.text(",cpuset=")
        .text(*selection.cpuset)
        .text(",mems_allowed=")
        .text(*selection.mems_allowed);
  if (selection.global_oom) out.text(",global_oom");
  if (report.at.memcg && report.at.memcg->oom_path)
    out.text(",oom_memcg=").text(*report.at.memcg->oom_path);
  if (report.at.memcg && report.at.memcg->task_path)
    out.text(",task_memcg=").text(*report.at.memcg->task_path);
  out.text(",task=").text(*selection.comm).text(",pid=").number(*selection.pid);
  out.text(",uid=").number(*selection.uid).end();
}

void write_choice_line(const OomReport& report, const Printing& printing, LineWriter& out) {
  const Selection& selection = *report.selection;
  const ChoiceForm form = printing.format.verdict.choice;
  if (form == ChoiceForm::and_children) {
    out.text("Out of Memory: Kill process ");
  } else {
    out.text(printing.reason);
    out.text(form == ChoiceForm::or_a_child ? ": kill process " : ": Kill process ");
  }
  out.number(*selection.pid).text(" (").text(*selection.comm).text(") score ");
  out.number(*selection.score);
  switch (form) {
    case ChoiceForm::and_children:
      out.text(" and children.").end();
      break;
    case ChoiceForm::or_a_child:
      out.text(" or a child").end();
      break;
    case ChoiceForm::sacrifice_child:
    case ChoiceForm::absent:
      out.text(" or sacrifice child").end();
      break;
  }
}

void write_kill_line(const Victim& victim, std::string_view reason, KillForm form,
                     LineWriter& out) {
  if (form == KillForm::reason || form >= KillForm::reason_shmem) out.text(reason).text(": ");
  out.text("Killed process ").number(*victim.pid).text(" (").text(*victim.comm).text(")");
  if (form == KillForm::reason) out.text(".");
  if (victim.total_vm) {
    out.text(form == KillForm::vsz ? " vsz:" : " total-vm:").kib(*victim.total_vm);
    out.text(", anon-rss:").kib(*victim.anon_rss).text(", file-rss:").kib(*victim.file_rss);
  }
  if (victim.shmem_rss) out.text(", shmem-rss:").kib(*victim.shmem_rss);
  if (victim.uid) {
    out.text(", UID:").number(*victim.uid).text(" pgtables:").kib(*victim.pgtables);
    out.text(" oom_score_adj:").number(*victim.oom_score_adj);
  }
  out.end();
}

void write_victim(const Victim& victim, std::string_view reason, KillForm form, LineWriter& out) {
  if (victim.already_exiting) {
    out.text(reason).text(": OOM victim ").number(*victim.pid).text(" (").text(*victim.comm);
    out.text(") is already exiting. Skip killing the task").end();
  } else if (victim.role == Victim::Role::shares_memory) {
    out.text("Kill process ").number(*victim.pid).text(" (").text(*victim.comm);
    out.text(") sharing same memory").end();
  } else {
    write_kill_line(victim, reason, form, out);
  }
}

void write_reaper_line(const Victim& victim, LineWriter& out) {
  if (!victim.reaped) return;
  if (!*victim.reaped) {
    out.text("oom_reaper: unable to reap pid:").number(*victim.pid);
    out.text(" (").text(*victim.comm).text(")").end();
    return;
  }
  out.text("oom_reaper: reaped process ").number(*victim.pid).text(" (").text(*victim.comm);
  out.text("), now anon-rss:").kib(*victim.reaped_anon_rss);
  out.text(", file-rss:").kib(*victim.reaped_file_rss);
  out.text(", shmem-rss:").kib(*victim.reaped_shmem_rss).end();
}

void write_kills(const OomReport& report, const Printing& printing, LineWriter& out) {
  const VerdictFormat& format = printing.format.verdict;
  if (printing.oom_kill_line) write_oom_kill_line(report, out);
  if (format.choice != ChoiceForm::absent) write_choice_line(report, printing, out);
  for (const Victim& victim : report.victims) {
    if (victim.role != Victim::Role::group_member)
      write_victim(victim, printing.reason, format.kill, out);
  }
  if (report.oom_group) {
    out.text("Tasks in ").text(*report.oom_group);
    out.text(" are going to be killed due to memory.oom.group set").end();
    // The chosen one is a member too, and its line comes a second time.
    for (const Victim& victim : report.victims)
      write_victim(victim, printing.reason, format.kill, out);
  }
  for (const Victim& victim : report.victims)
    write_reaper_line(victim, out);
}

}  // namespace

void reduce_verdict(OomReport& report, const Printing& printing) {
  reduce_victims(report, printing);
  reduce_selection(report, printing);
  report.message_prefixes.clear();
  const ChoiceForm choice = printing.format.verdict.choice;
  const bool own_reason = printing.kills && choice == ChoiceForm::and_children;
  if (own_reason) report.message_prefixes.emplace_back("Out of Memory");
  const bool choice_line = printing.kills && choice != ChoiceForm::absent && !own_reason;
  if (choice_line || !report.victims.empty()) report.message_prefixes.emplace_back(printing.reason);
  if (report.message_prefixes.empty()) report.allocating_task_killed = false;
  if (report.verdict == Verdict::panic) {
    report.panic_text = panic_text(report, printing);
  } else {
    report.panic_text.reset();
  }
}

void write_verdict(const OomReport& report, const Printing& printing, LineWriter& out) {
  const VerdictFormat& format = printing.format.verdict;
  if (printing.kills) write_kills(report, printing, out);
  const bool no_task = report.verdict == Verdict::no_killable ||
                       (report.panic_text && *report.panic_text == format.panic_no_task);
  if (no_task && format.no_task_line) out.text(kNoCandidate).end();
  if (report.panic_text) out.text("Kernel panic - not syncing: ").text(*report.panic_text).end();
}

}  // namespace oomkit
