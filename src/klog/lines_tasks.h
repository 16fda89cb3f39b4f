// The task table: one header, then a row for each process that may be chosen.
//
// The header names the columns, so rows are read by its words and no table of kernels is
// needed. Where the header is lost, the rows' own shape tells most of it: how many numbers
// they hold, and how wide the field behind rss was printed. What is then still open is
// left out: a row with a missing field is better than one with a wrong one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "klog/line_text.h"
#include "model/kernel_version.h"
#include "model/task.h"

namespace oomkit {

enum class TaskColumn : std::uint8_t {
  uid,
  tgid,
  total_vm,
  rss,
  rss_anon,
  rss_file,
  rss_shmem,
  nr_ptes,
  nr_pmds,
  nr_puds,
  pgtables_bytes,
  swapents,
  cpu,
  oom_adj,
  oom_score_adj,
  other,  // A column of some kernel that nobody here knows: a number, not kept.
};

struct TaskColumns {
  static constexpr std::size_t kMax = 24;
  std::array<TaskColumn, kMax> at{};
  std::size_t count = 0;

  void add(TaskColumn column) {
    if (count < kMax) at[count++] = column;
  }
  bool empty() const { return count == 0; }
  friend bool operator==(const TaskColumns&, const TaskColumns&) = default;
};

// Nothing unless the header is whole: from "[ pid ]" to "name".
std::optional<TaskColumns> read_task_header(std::string_view text);

// One word of a header, for the rejoining of wrapped lines.
bool is_task_column(std::string_view word);

// The columns of a table without a header, from one of its rows. `version` decides only
// what the row itself leaves open.
TaskColumns infer_task_columns(std::string_view row, std::optional<KernelVersion> version);

enum class RowResult : std::uint8_t {
  good,
  no_comm,     // Nothing stands behind the numbers: an empty comm, or a row that breaks off.
  short_row,   // Fewer numbers than columns.
  impossible,  // It contradicts itself: two glued halves, or a digit lost or doubled.
};

RowResult read_task_row(std::string_view text, const TaskColumns& columns, Task& task,
                        LineNotes& notes);

// The same where the row stands in its log, with no copy: `text` begins with its bracket, a '\n'
// follows, and kPadding bytes can be read behind it.
RowResult read_task_row_in_place(std::string_view text, const TaskColumns& columns, Task& task,
                                 LineNotes& notes);

}  // namespace oomkit
