// Who dies: the kernel's badness, by version, and the choice among tasks.
//
// The rules (mm/oom_kill.c):
//   V0  up to 2.6.35   total_vm and children, divided by run time; not computable from a log
//   V1  2.6.36..3.4    0..1000 per mille of what may be used
//   V2  3.5..3.13      pages, with `adj * (totalpages / 1000)`; a root task has 30 adj less
//   V3  3.14..4.16     pages; a root task has 3 % of its own use less
//   V4  4.17..5.8      as V3 without root's discount; never below 1
//   V5  5.9..          as V4, signed, no floor; ineligible is LONG_MIN
//
// Pure functions of a task and totals: the rule that explains a log is the rule that
// predicts on a live host and kills in the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/kernel_version.h"
#include "model/oom_report.h"
#include "model/task.h"

namespace oomkit {

enum class BadnessRule { v0, v1, v2, v3, v4, v5 };

BadnessRule badness_rule(const KernelVersion& version);

// Why a task cannot be chosen, as far as a table tells.
enum class Unkillable { adj_minus_1000, init, kernel_thread };

// A task's points with each term, so that the sum can be shown. Pages for V2 and later;
// per mille for V1 (the terms are pages there too, `points` is the per-mille value).
struct Badness {
  std::int64_t points = 0;
  Pages rss, swap, pgtables;
  std::int64_t adj_points = 0;  // What oom_score_adj added, in the unit of `points`.
  std::int64_t root_bonus = 0;  // What being root took away (V1 to V3).
  bool floored = false;         // The rule's floor of 1 hid the true value (V1 to V4).
  std::optional<Unkillable> unkillable;
  bool exact = true;  // False: the table lacks a column that the rule adds.
};

struct BadnessContext {
  BadnessRule rule = BadnessRule::v5;
  Pages totalpages{1};  // What the scope may use: RAM + swap, or the memcg's limit.
  PageSize page_size = PageSize::k4K;
  bool root_bonus_known = false;  // uid 0 stands for CAP_SYS_ADMIN: a guess, from the table.
  bool root_discount = true;      // False: user 0 is known to have none, as in a container.
  bool swap_absent = false;       // Nothing is swapped: a table without swapents lacks nothing.
  // Set by judged_by():
  bool counts_pgtables = true;  // From 2.6.39 on.
  bool int_overflows = false;  // 2.6.39 to 3.1: V1 in a C int, which 8 GiB of 4 KiB pages overflow.
};

// The context with the rule, and its bugs, of that kernel.
BadnessContext judged_by(const KernelVersion& version, BadnessContext context);

// Nothing for V0, whose terms no log prints, and for a task without an rss.
std::optional<Badness> badness(const Task& task, const BadnessContext& context);

// The value of /proc/PID/oom_score for `points` on that kernel. `host_totalpages` is
// always RAM + swap of the host, whatever the scope.
std::int64_t oom_score(std::int64_t points, bool unkillable, BadnessRule rule,
                       Pages host_totalpages);

// Stored oom_score_adj for a value written to the old oom_adj file, and back.
int score_adj_of_oom_adj(int oom_adj);
int oom_adj_of_score_adj(int oom_score_adj);

// Which of two equal tasks is taken: the first in the order of the walk, or the last.
enum class TieRule { first, last };
TieRule tie_rule(const KernelVersion& version);

struct RankedTask {
  std::size_t index = 0;  // Into the tasks given.
  Badness badness;
};

struct Ranking {
  // Most likely victim first; tasks that cannot be chosen last, in table order.
  std::vector<RankedTask> tasks;
  std::optional<std::size_t> chosen;  // Index into the tasks given.
  std::size_t tied = 0;               // How many share the highest points, the chosen included.
  BadnessContext context;
  TieRule tie = TieRule::last;
  // False: there is swap, and the table does not say who is in it (up to 3.4). A task that
  // is swapped out may then be the largest of all.
  bool swap_known = true;
};

// The kernel's choice among `tasks`, which stand in the order of its walk. Nothing if the
// rule cannot be computed from what is there.
std::optional<Ranking> rank_tasks(const std::vector<Task>& tasks, const KernelVersion& version,
                                  const BadnessContext& context);

}  // namespace oomkit
