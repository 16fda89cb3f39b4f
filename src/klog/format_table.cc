// The tables of the report's own lines: head, task table, verdict. See format_table.h.
#include "klog/format_table.h"

#include "klog/format_table_memory.h"
#include "klog/format_table_since.h"

namespace oomkit {
namespace {

constexpr KernelVersion kBeginning{2, 6, 0};

// The head: the trigger line.
constexpr Since<std::string_view> kAdjWord[] = {
    {kBeginning, "oomkilladj"},
    {{2, 6, 31}, "oom_adj"},
    {{3, 8, 0}, ""},
};
constexpr Since<bool> kScoreAdj[] = {{kBeginning, false}, {{2, 6, 36}, true}};
constexpr Since<bool> kGfpText[] = {{kBeginning, false}, {{4, 6, 0}, true}};
// 5.0 moved it into the oom-kill line.
constexpr Since<bool> kNodemask[] = {{kBeginning, false}, {{4, 9, 0}, true}, {{5, 0, 0}, false}};
constexpr Since<bool> kNodemaskEffective[] = {
    {kBeginning, false}, {{4, 9, 0}, true}, {{4, 11, 0}, false}};
constexpr Since<std::string_view> kSysrqLine[] = {
    {kBeginning, "SysRq : Manual OOM execution"},
    {{4, 10, 0}, "sysrq: SysRq : Manual OOM execution"},  // About.
    {{5, 3, 0}, "sysrq: Manual OOM execution"},
};
constexpr Since<bool> kSysrqOrder[] = {{kBeginning, false}, {{4, 4, 0}, true}};
constexpr Since<bool> kCpusetLine[] = {{kBeginning, false}, {{2, 6, 29}, true}, {{5, 0, 0}, false}};

// The head: dump_stack().
constexpr Since<CpuLineForm> kCpuLine[] = {
    {kBeginning, CpuLineForm::absent},
    {{2, 6, 25}, CpuLineForm::pid_comm},
    {{3, 10, 0}, CpuLineForm::cpu_pid},
    {{6, 11, 0}, CpuLineForm::cpu_uid_pid},
};
constexpr Since<std::size_t> kTaintColumns[] = {
    {kBeginning, 11},  // PFSRMBUDAWC
    {{2, 6, 34}, 12},  // I
    {{3, 2, 0}, 13},   // O
    {{3, 15, 0}, 14},  // E
    {{3, 17, 0}, 15},  // L
    {{4, 0, 0}, 16},   // K
    {{4, 15, 0}, 18},  // X, and T from 4.19
    {{6, 0, 0}, 19},   // N
    {{6, 15, 0}, 20},  // J
};
constexpr Since<std::string_view> kBuild[] = {
    {kBeginning, "#1"},
    {{6, 12, 0}, "#1 VOLUNTARY"},
    {{6, 13, 0}, "#1 PREEMPT(voluntary)"},
};
constexpr Since<bool> kHardwareLine[] = {{kBeginning, false}, {{3, 10, 0}, true}};
constexpr Since<StackForm> kStack[] = {
    {kBeginning, StackForm::addresses},
    {{4, 10, 0}, StackForm::names},
    {{5, 16, 0}, StackForm::tagged},  // About; also in 5.15.y.
};

// The task table.
constexpr Since<TableForm> kTable[] = {
    {kBeginning, TableForm::absent},           {{2, 6, 25}, TableForm::cpu_adj},
    {{2, 6, 36}, TableForm::cpu_adj_scoreadj}, {{3, 6, 0}, TableForm::ptes},
    {{4, 0, 0}, TableForm::ptes_pmds},         {{4, 15, 0}, TableForm::pgtables},
    {{6, 8, 0}, TableForm::rss_parts},
};
constexpr Since<bool> kTableTitle[] = {{kBeginning, false}, {{4, 19, 0}, true}};

// The verdict.
constexpr Since<bool> kOomKillLine[] = {{kBeginning, false}, {{5, 0, 0}, true}};
constexpr Since<bool> kMemcgReason[] = {{kBeginning, false}, {{2, 6, 25}, true}};
constexpr Since<bool> kPolicyReason[] = {{kBeginning, true}, {{2, 6, 36}, false}};
constexpr Since<bool> kCpusetReason[] = {{kBeginning, true}, {{2, 6, 24}, false}};
constexpr Since<ChoiceForm> kChoice[] = {
    {kBeginning, ChoiceForm::and_children},
    {{2, 6, 24}, ChoiceForm::or_a_child},  // About.
    {{2, 6, 36}, ChoiceForm::sacrifice_child},
    {{5, 2, 0}, ChoiceForm::absent},
};
constexpr Since<KillForm> kKill[] = {
    {kBeginning, KillForm::reason},      {{2, 6, 24}, KillForm::bare},  // About.
    {{2, 6, 33}, KillForm::vsz},                                        // About.
    {{2, 6, 36}, KillForm::total_vm},    {{4, 5, 0}, KillForm::shmem},
    {{5, 2, 0}, KillForm::reason_shmem}, {{5, 4, 0}, KillForm::reason_uid_adj},
};
constexpr Since<bool> kSharers[] = {
    {kBeginning, false}, {{2, 6, 37}, true}, {{4, 6, 0}, false}};  // Both about.
constexpr Since<bool> kAlreadyExiting[] = {{kBeginning, false}, {{5, 10, 0}, true}};
constexpr Since<bool> kOomGroup[] = {{kBeginning, false}, {{4, 19, 0}, true}};
constexpr Since<bool> kReaper[] = {{kBeginning, false}, {{4, 6, 0}, true}};
constexpr Since<std::string_view> kPanicSystemWide[] = {
    {kBeginning, "out of memory. panic_on_oom is selected"},
    {{2, 6, 36}, "Out of memory: system-wide panic_on_oom is enabled"},
};
constexpr Since<std::string_view> kPanicCompulsory[] = {
    {kBeginning, "out of memory. panic_on_oom is selected"},
    {{2, 6, 22}, "out of memory. Compulsory panic_on_oom is selected."},
    {{2, 6, 36}, "Out of memory: compulsory panic_on_oom is enabled"},
};
constexpr Since<std::string_view> kPanicMemcg[] = {
    {kBeginning, "out of memory(memcg). panic_on_oom is selected."},
    {{2, 6, 36}, "Out of memory: compulsory panic_on_oom is enabled"},
};
constexpr Since<std::string_view> kPanicNoTask[] = {
    {kBeginning, "Out of memory and no killable processes..."},
    {{4, 19, 0}, "System is deadlocked on memory"},
};
constexpr Since<bool> kNoTaskLine[] = {{kBeginning, false}, {{4, 19, 0}, true}};

HeadFormat head_format(const KernelVersion& version) {
  HeadFormat format;
  format.sysrq_line = value_at(kSysrqLine, version);
  format.sysrq_order = value_at(kSysrqOrder, version);
  format.gfp_text = value_at(kGfpText, version);
  format.nodemask = value_at(kNodemask, version);
  format.nodemask_effective = value_at(kNodemaskEffective, version);
  format.adj_word = value_at(kAdjWord, version);
  format.score_adj = value_at(kScoreAdj, version);
  format.cpuset_line = value_at(kCpusetLine, version);
  format.cpu_line = value_at(kCpuLine, version);
  format.taint_columns = value_at(kTaintColumns, version);
  format.build = value_at(kBuild, version);
  format.hardware_line = value_at(kHardwareLine, version);
  format.stack = value_at(kStack, version);
  return format;
}

VerdictFormat verdict_format(const KernelVersion& version) {
  VerdictFormat format;
  format.oom_kill_line = value_at(kOomKillLine, version);
  format.memcg_reason = value_at(kMemcgReason, version);
  format.policy_reason = value_at(kPolicyReason, version);
  format.cpuset_reason = value_at(kCpusetReason, version);
  format.choice = value_at(kChoice, version);
  format.kill = value_at(kKill, version);
  format.sharers = value_at(kSharers, version);
  format.already_exiting = value_at(kAlreadyExiting, version);
  format.oom_group = value_at(kOomGroup, version);
  format.reaper = value_at(kReaper, version);
  format.panic_system_wide = value_at(kPanicSystemWide, version);
  format.panic_compulsory = value_at(kPanicCompulsory, version);
  format.panic_memcg = value_at(kPanicMemcg, version);
  format.panic_no_task = value_at(kPanicNoTask, version);
  format.no_task_line = value_at(kNoTaskLine, version);
  return format;
}

}  // namespace

OomFormat oom_format(const KernelVersion& version) {
  OomFormat format;
  format.head = head_format(version);
  format.memory = memory_format(version);
  format.memcg = memcg_format(version);
  format.table = {value_at(kTable, version), value_at(kTableTitle, version)};
  format.verdict = verdict_format(version);
  return format;
}

std::string_view table_header(const TableFormat& format) {
  switch (format.form) {
    case TableForm::absent:
      return "";
    case TableForm::cpu_adj:
      return "[ pid ]   uid  tgid total_vm      rss cpu oom_adj name";
    case TableForm::cpu_adj_scoreadj:
      return "[ pid ]   uid  tgid total_vm      rss cpu oom_adj oom_score_adj name";
    case TableForm::ptes:
      return "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name";
    case TableForm::ptes_pmds:
      return "[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name";
    case TableForm::pgtables:
      return format.title ? "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents "
                            "oom_score_adj name"
                          : "[ pid ]   uid  tgid total_vm      rss pgtables_bytes swapents "
                            "oom_score_adj name";
    case TableForm::rss_parts:
      return "[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes "
             "swapents oom_score_adj name";
  }
  return "";
}

}  // namespace oomkit
