// One kill, or one attempt at it, as a log tells it: who asked, what was short, who
// was there, who died. The unit that everything downstream works on.
//
// One kill is one report: "Kill process ... or sacrifice child" with the "Killed
// process" after it, or all victims of one group kill. A userspace killer's kill is a
// report too (`killer`), usually with little more than its victim.
//
// Numbers stand here as the log has them, in its units; nothing is computed. Each part
// keeps the line it rests on (1-based in its input, 0 if there is none).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace oomkit {

enum class Constraint { none, cpuset, memory_policy, memcg, unknown };

// How the constraint is known: printed as CONSTRAINT_..., concluded from other words of
// the report ("Memory cgroup out of memory"), or not at all.
enum class ConstraintSource { stated, inferred, absent };

enum class Verdict { killed, panic, no_killable, unknown };

enum class Killer { kernel, systemd_oomd, earlyoom, oomd, nohang, kubelet, lmkd, oomkit };

// What a log can lack of a report; see OomReport::missing().
enum class Part {
  trigger,
  stack,
  memory,
  memcg_usage,
  memcg_stats,
  task_table,
  constraint,
  kill_line
};

struct Trigger {
  std::string comm;
  std::optional<std::int64_t> pid;  // Of the thread that asked (the CPU/PID line).
  std::optional<std::int64_t> uid;  // From 6.11 on.
  std::optional<std::uint64_t> gfp_mask;
  std::optional<std::string>
      gfp_text;  // "GFP_KERNEL|__GFP_ZERO" as printed (from 4.6 on), may be "".
  std::optional<std::string> nodemask;  // 4.9 to 4.20 here; "(null)" is absent.
  std::optional<int> order;             // -1: asked for by sysrq f.
  std::optional<int> oom_score_adj;
  std::optional<int> oom_adj;  // "oomkilladj" up to 2.6.30, "oom_adj" to 3.7.
  std::optional<int> cpu;
  std::uint64_t line = 0;
  std::uint64_t cpu_line = 0;

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

// The "oom-kill:constraint=..." line of 5.0 on, or the parts of it that older lines give.
struct Selection {
  std::optional<std::string> constraint_word;  // "CONSTRAINT_MEMCG" as printed.
  std::optional<std::string> nodemask;
  std::optional<std::string> cpuset;  // Name of the trigger's cpuset cgroup.
  std::optional<std::string> mems_allowed;
  bool global_oom = false;
  std::optional<std::string> comm;  // Of the chosen process: not always the one that dies.
  std::optional<std::int64_t> pid;
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> score;  // "score N", 2.6.18 to 5.1.
  std::uint64_t line = 0;

  friend bool operator==(const Selection&, const Selection&) = default;
};

struct Victim {
  enum class Role {
    chosen,         // The selection's own choice.
    child,          // Sacrificed in its parent's place (2.6.11 to 5.1).
    group_member,   // memory.oom.group.
    shares_memory,  // "Kill process %d (%s) sharing same memory".
  };

  std::optional<std::int64_t> pid;
  std::optional<std::string> comm;
  std::optional<std::int64_t> uid;
  std::optional<KiB> total_vm;
  std::optional<KiB> anon_rss;
  std::optional<KiB> file_rss;
  std::optional<KiB> shmem_rss;
  std::optional<KiB> pgtables;
  std::optional<int> oom_score_adj;
  Role role = Role::chosen;
  std::optional<bool> reaped;          // True: "oom_reaper: reaped"; false: "unable to reap".
  std::optional<KiB> reaped_anon_rss;  // What was left after reaping ("now anon-rss:").
  std::optional<KiB> reaped_file_rss;
  std::optional<KiB> reaped_shmem_rss;
  bool already_exiting = false;  // "OOM victim ... is already exiting. Skip killing the task"
  // Known only as the choice: no line of the log says that it died. Up to 5.1 a child of
  // it may have died in its place.
  bool from_selection = false;

  // Userspace killers only.
  std::optional<KiB> rss;
  std::optional<std::int64_t> score;  // earlyoom's badness / oom_score.
  std::optional<std::string> signal;  // "SIGTERM"
  std::optional<std::string> escalated_to;
  std::optional<std::string> cgroup;  // systemd-oomd and oomd kill cgroups.

  std::uint64_t line = 0;
  std::uint64_t reap_line = 0;

  friend bool operator==(const Victim&, const Victim&) = default;
};

// The OOM reaper was at a process whose kill is not in the log.
struct ReapedOther {
  std::int64_t pid = 0;
  std::string comm;
  std::uint64_t line = 0;

  friend bool operator==(const ReapedOther&, const ReapedOther&) = default;
};

struct OomReport {
  std::string input;
  std::uint64_t first_line = 0;
  std::uint64_t last_line = 0;

  Killer killer = Killer::kernel;
  Verdict verdict = Verdict::unknown;
  bool manual = false;                  // sysrq f.
  bool allocating_task_killed = false;  // "(oom_kill_allocating_task)" in the message.
  Constraint constraint = Constraint::unknown;
  ConstraintSource constraint_source = ConstraintSource::absent;
  // Whose memory was short by all the evidence (oom_memcg=, the message, the counters),
  // also where the printed word contradicts it. Absent: the log does not tell.
  std::optional<Constraint> scope;

  std::optional<Trigger> trigger;
  std::optional<std::string> hardware;
  std::optional<std::string> taint;  // "Not tainted" or "Tainted: G OE" as printed.
  std::vector<std::string> stack;    // Function names, outermost last; "? " frames left out.
  std::vector<std::string>
      message_prefixes;  // "Memory cgroup out of memory", as printed, distinct.
  std::optional<Selection> selection;
  Snapshot at;  // Memory, memcg and tasks at that moment; kernel, host and time too.
  std::optional<std::string> task_header;  // The table's column names, as printed, blanks folded.
  std::vector<Victim> victims;
  std::vector<ReapedOther> also_reaped;  // By the reaper, near this report.
  std::optional<std::string> oom_group;  // Path of a memory.oom.group kill.
  std::optional<std::string> panic_text;
  std::optional<std::string> killer_reason;  // Userspace killers: why, in their words.
  std::uint64_t panic_line = 0;

  bool begins_cut = false;              // The log begins inside the report.
  bool ends_cut = false;                // It ends, or another report begins, before the verdict.
  bool elided = false;                  // Somebody took lines out ("...", "[...]", "--").
  std::uint64_t lines_lost = 0;         // Lines known to be lost inside (printk dropped, gaps).
  std::uint64_t damaged_lines = 0;      // Lines of it that could not be read in full.
  std::uint64_t suppressed_before = 0;  // "N callbacks suppressed" just before it.
  std::uint64_t tasks_dropped = 0;      // Rows beyond what is kept in memory.

  // Parts that a kernel of this version and kind would have printed and the log lacks.
  std::vector<Part> missing;
  // True when nothing is missing, cut, elided, lost or damaged.
  bool complete = false;

  friend bool operator==(const OomReport&, const OomReport&) = default;
};

// A line or a block that people take for an OOM kill and that is none.
struct OtherEvent {
  enum class Kind {
    page_alloc_failure,
    page_alloc_stall,
    oom_disabled_stall,
    slub_failure,
    vmalloc_failure,
    overcommit_refusal
  };
  Kind kind = Kind::page_alloc_failure;
  std::string input;
  std::uint64_t first_line = 0;
  std::uint64_t last_line = 0;
  std::string comm;
  std::optional<int> order;
  std::optional<std::uint64_t> gfp_mask;
  std::optional<std::string> gfp_text;
  std::string sentence;  // What it is, and that nobody was killed for it.

  friend bool operator==(const OtherEvent&, const OtherEvent&) = default;
};

std::string_view name_of(Constraint constraint);  // "none", "memcg", ... of the JSON contract.
std::string_view name_of(ConstraintSource source);
std::string_view name_of(Verdict verdict);
std::string_view name_of(Killer killer);          // "systemd-oomd"
std::string_view name_of(Part part);              // "task_table"
std::string_view name_of(OtherEvent::Kind kind);  // "page_alloc_failure"

}  // namespace oomkit
