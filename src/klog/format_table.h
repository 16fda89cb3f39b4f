// What each kernel release prints of an OOM report, as tables by version.
//
// One field here for each decision that a release took; format_table.cc holds a table for
// each, its rows in force from their release until the next row's. Whoever prints (writer*.cc)
// asks once for a version's OomFormat and never compares versions itself. The reader does not
// use it: distributions carry lines back and forth, so there the text itself decides.
//
// From mm/oom_kill.c, mm/memcontrol.c, mm/page_alloc.c and mm/show_mem.c of each release, and
// lib/dump_stack.c for the CPU line. A row marked "about" lies between two releases that were
// read; which one of those between took the step is from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/kernel_version.h"

namespace oomkit {

// The task that asked: "Pid: 7, comm: x", "CPU: 0 PID: 7 Comm: x", "CPU: 0 UID: 0 PID: 7 ...".
enum class CpuLineForm { absent, pid_comm, cpu_pid, cpu_uid_pid };

// Frames as " [<ffffffff81234567>] f+0x1/0x2", as " f+0x1/0x2", or those between task tags.
enum class StackForm { addresses, names, tagged };

// How the choice is named: "... score 9 and children.", "... score 9 or a child", "... score 9
// or sacrifice child", or by the kill line alone.
enum class ChoiceForm { and_children, or_a_child, sacrifice_child, absent };

// What stands around "Killed process 7 (x)"; each form from shmem on adds to the one before.
enum class KillForm {
  reason,          // "Out of memory: Killed process 7 (x)."
  bare,            // "Killed process 7 (x)"
  vsz,             // "... vsz:4kB, anon-rss:4kB, file-rss:4kB"
  total_vm,        // "... total-vm:4kB, anon-rss:4kB, file-rss:4kB"
  shmem,           // ", shmem-rss:0kB" at the end
  reason_shmem,    // the reason in front
  reason_uid_adj,  // ", UID:0 pgtables:8kB oom_score_adj:0" at the end
};

// Statistics of a memcg: none, one line for each cgroup of the subtree (KB, v1's names), or a
// list (bytes) with v2's names under both versions, or with each version's own.
enum class MemcgStatForm { absent, line_each, list_v2_names, list_own_names };

// "4 pages of RAM"; "4 pages RAM", "0 pages HighMem"; "0 pages HighMem/MovableOnly".
enum class RamForm { of_ram, ram, ram_highmem };

// The task table's columns from rss on.
enum class TableForm {
  absent,
  cpu_adj,           // cpu oom_adj
  cpu_adj_scoreadj,  // cpu oom_adj oom_score_adj
  ptes,              // nr_ptes swapents oom_score_adj
  ptes_pmds,         // nr_ptes nr_pmds swapents oom_score_adj
  pgtables,          // pgtables_bytes swapents oom_score_adj
  rss_parts,         // rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj
};

// Lines at the head of a report.
struct HeadFormat {
  std::string_view sysrq_line;  // Announces a request by sysrq f ...
  bool sysrq_order = false;     // ... which then has order=-1.
  bool gfp_text = false;
  bool nodemask = false;            // In the trigger line ...
  bool nodemask_effective = false;  // ... and the cpuset's nodes for a request without a mask.
  std::string_view adj_word;        // "oomkilladj", "oom_adj", or "" if it is not printed.
  bool score_adj = false;           // "oom_score_adj" in the trigger line.
  bool cpuset_line = false;         // "x cpuset=/ mems_allowed=0"
  CpuLineForm cpu_line = CpuLineForm::absent;
  std::size_t taint_columns = 0;  // Letters and blanks behind "Tainted: ".
  std::string_view build;         // What stands behind the release.
  bool hardware_line = false;
  StackForm stack = StackForm::addresses;
};

// Memory of the host. Words in the order printed; '\n' where a line ends.
struct MemoryFormat {
  bool in_memcg_report = false;  // A memcg's report has it too.
  std::string_view title;
  std::string_view counters;
  std::string_view node;            // "" where nodes have no line.
  bool node_thp_blank = false;      // "anon_thp: 0kB"
  bool node_shmem_rotated = false;  // 4.9 printed four values under each other's names.
  std::string_view zone;
  std::string_view highatomic_unit;  // "KB" or "kB" behind reserved_ and free_highatomic.
  bool migratetypes = false;         // "1*4kB (UM)"
  bool hugepages = false;
  bool pagecache = false;
  bool swapcache = false;  // "0 pages in swap cache"; RamForm::of_ram has other words, later.
  bool free_swap_again = false;
  RamForm ram = RamForm::ram_highmem;
  bool cma_reserved = false;
  bool hwpoisoned = false;
  bool slab_list = false;
};

struct MemcgFormat {
  bool task_line = false;             // "Task in /a killed as a result of limit of /a"
  bool block_without_victim = false;  // Else a panic's report does not name the memcg at all.
  bool counters = false;
  bool kmem = false;
  bool swap_counter = false;       // v2 has "swap:" for v1's "memory+swap:" and "kmem:".
  std::int64_t no_limit_kib = 0;   // What stands for no limit ...
  bool no_limit_in_pages = false;  // ... rounded down to whole pages.
  MemcgStatForm stat = MemcgStatForm::absent;
  std::string_view line_names;      // Of MemcgStatForm::line_each, in order.
  bool stat_in_one_record = false;  // The list is cut where a record of the kernel's log ends.
  bool protection = false;
};

struct TableFormat {
  TableForm form = TableForm::absent;
  bool title = false;  // "Tasks state (memory values in pages):", and pids in 7 columns, not 5.
};

struct VerdictFormat {
  bool oom_kill_line = false;
  bool memcg_reason = false;   // "Memory cgroup out of memory"
  bool policy_reason = false;  // "No available memory (MPOL_BIND)"
  bool cpuset_reason = false;  // "No available memory in cpuset"
  ChoiceForm choice = ChoiceForm::absent;
  KillForm kill = KillForm::bare;
  bool sharers = false;          // "Kill process 7 (x) sharing same memory"
  bool already_exiting = false;  // "OOM victim 7 (x) is already exiting. ..."
  bool oom_group = false;
  bool reaper = false;
  std::string_view panic_system_wide;
  std::string_view panic_compulsory;
  std::string_view panic_memcg;
  std::string_view panic_no_task;
  bool no_task_line = false;  // A memcg, or sysrq, without a candidate: a line and no panic.
};

struct OomFormat {
  HeadFormat head;
  MemoryFormat memory;
  MemcgFormat memcg;
  TableFormat table;
  VerdictFormat verdict;
};

OomFormat oom_format(const KernelVersion& version);

// The line above the task table.
std::string_view table_header(const TableFormat& format);

// The release whose memory.stat was the first to have this name; nothing for names as old as
// memory.stat itself, and for those of distributions.
KernelVersion memcg_stat_since(std::string_view name);

// The other version's word for the same amount ("anon" is v1's "rss"); `name` if it has none.
std::string_view memcg_stat_v1_name(std::string_view name);
std::string_view memcg_stat_v2_name(std::string_view name);

}  // namespace oomkit
