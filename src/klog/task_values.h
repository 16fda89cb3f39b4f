// What the number under a column's name is in a task, and whether a row's numbers go together.
//
// Here and not in lines_tasks.cc, for two readers of rows share it: the one for any row
// (lines_tasks.h), and the one for most (row_scan.h), which pays for each call.
#pragma once

#include <cstdint>

#include "klog/line_text.h"
#include "klog/lines_tasks.h"
#include "model/task.h"

namespace oomkit {

inline void store_column(Task& task, TaskColumn column, std::int64_t value) {
  switch (column) {
    case TaskColumn::uid:
      task.uid = value;
      break;
    case TaskColumn::tgid:
      task.tgid = value;
      break;
    case TaskColumn::total_vm:
      task.total_vm = Pages(value);
      break;
    case TaskColumn::rss:
      task.rss = Pages(value);
      break;
    case TaskColumn::rss_anon:
      task.rss_anon = Pages(value);
      break;
    case TaskColumn::rss_file:
      task.rss_file = Pages(value);
      break;
    case TaskColumn::rss_shmem:
      task.rss_shmem = Pages(value);
      break;
    case TaskColumn::nr_ptes:
      task.nr_ptes = value;
      break;
    case TaskColumn::nr_pmds:
      task.nr_pmds = value;
      break;
    case TaskColumn::nr_puds:
      task.nr_puds = value;
      break;
    case TaskColumn::pgtables_bytes:
      task.pgtables = Bytes(value);
      break;
    case TaskColumn::swapents:
      task.swapents = Pages(value);
      break;
    case TaskColumn::cpu:
      task.cpu = as_int(value);
      break;
    case TaskColumn::oom_adj:
      task.oom_adj = as_int(value);
      break;
    case TaskColumn::oom_score_adj:
      task.oom_score_adj = as_int(value);
      break;
    case TaskColumn::other:
      break;
  }
}

// Two pids of which one is the end of the other, "[123033] ... 23033": a digit of one
// line stands before another line's, or one is lost.
inline bool is_glued_pid(std::int64_t a, std::int64_t b) {
  if (a == b) return false;
  const std::int64_t longer = a > b ? a : b;
  const std::int64_t shorter = a > b ? b : a;
  std::int64_t power = 10;
  while (power <= shorter)
    power *= 10;
  return shorter >= 1000 && longer % power == shorter;
}

inline bool is_possible_row(const Task& task) {
  // A count that a race of the counters lets slip below or above is no contradiction.
  constexpr std::int64_t kSlack = 4096;
  if (task.pid <= 0 || task.pid > kPidMax) return false;
  if (task.tgid &&
      (*task.tgid <= 0 || *task.tgid > kPidMax || is_glued_pid(task.pid, *task.tgid))) {
    return false;
  }
  if (task.oom_score_adj && (*task.oom_score_adj < -1000 || *task.oom_score_adj > 1000)) {
    return false;
  }
  if (task.oom_adj && (*task.oom_adj < -17 || *task.oom_adj > 16)) return false;
  if (!task.rss || !task.total_vm) return true;
  const std::int64_t rss = task.rss->count();
  if (rss < -kSlack || task.total_vm->count() < 0) return false;
  if (rss > task.total_vm->count() && rss - task.total_vm->count() > kSlack) return false;
  if (!task.rss_anon || !task.rss_file || !task.rss_shmem) return true;
  std::int64_t off = rss;
  for (const Pages part : {*task.rss_anon, *task.rss_file, *task.rss_shmem}) {
    if (__builtin_sub_overflow(off, part.count(), &off)) return false;
  }
  const std::int64_t allowed = kSlack + rss / 16;
  return off <= allowed && off >= -allowed;
}

}  // namespace oomkit
