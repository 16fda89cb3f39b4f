// Assembly of a report's middle: the host's memory, the memcg's, the task table.
#include <algorithm>
#include <string>
#include <utility>

#include "klog/assembly_state.h"
#include "klog/line_text.h"
#include "klog/lines_memcg.h"
#include "klog/lines_memory.h"
#include "klog/lines_tasks.h"

namespace oomkit {
namespace {

constexpr std::size_t kTasksMax = 131072;
constexpr std::size_t kSubtreeMax = 4096;
constexpr std::size_t kPathMax = 4096;

HostMemory& memory_of(OpenReport& report) {
  if (!report.report.at.host_memory) report.report.at.host_memory.emplace();
  return *report.report.at.host_memory;
}

MemcgReport& memcg_of(OpenReport& report) {
  if (!report.report.at.memcg) report.report.at.memcg.emplace();
  return *report.report.at.memcg;
}

std::string path_of(std::string_view path) {
  return std::string(path.substr(0, kPathMax));
}

// How many rows to have room for when there are `rows`: at first as many as the table before had,
// if that was no giant; then twice as many, but never more than may be kept, and one, which is read
// to see what it is.
std::size_t room_for_rows(std::size_t rows, std::size_t rows_before) {
  constexpr std::size_t kFirst = 128;
  constexpr std::size_t kFirstMax = 512;
  constexpr std::size_t kSpare = 16;
  if (rows == 0) return std::clamp(rows_before + kSpare, kFirst, kFirstMax);
  return rows >= kTasksMax / 2 ? kTasksMax + 1 : 2 * rows;
}

Task& add_row(std::vector<Task>& tasks, std::size_t rows_before) {
  if (tasks.size() == tasks.capacity()) tasks.reserve(room_for_rows(tasks.size(), rows_before));
  return tasks.emplace_back();
}

// The index of the zone that a line has just filled.
std::size_t zone_of_line(const HostMemory& memory, std::uint64_t line) {
  for (std::size_t i = memory.zones.size(); i-- > 0;) {
    if (memory.zones[i].line == line) return i;
  }
  return SIZE_MAX;
}

void read_memory_line(OpenReport& report, const LogicalLine& line, LineNotes& notes) {
  HostMemory& memory = memory_of(report);
  switch (line.kind) {
    case LineKind::counters:
      read_counters(line.text, line.line, memory, notes);
      break;
    case LineKind::node:
      read_node(line.text, line.line, memory, notes);
      break;
    case LineKind::zone:
      report.zone = read_zone(line.text, line.line, memory, notes) > 0
                        ? zone_of_line(memory, line.line)
                        : SIZE_MAX;
      break;
    case LineKind::lowmem_reserve:
      if (report.zone < memory.zones.size()) {
        read_lowmem_reserve(line.text, memory.zones[report.zone], notes);
      }
      break;
    case LineKind::free_list:
      read_free_list(line.text, line.line, memory, notes);
      break;
    case LineKind::hugepages:
      read_hugepages(line.text, line.line, memory, notes);
      break;
    case LineKind::page_total:
      read_page_total(line.text, line.line, memory, notes);
      break;
    case LineKind::swap_total:
      read_swap_total(line.text, line.line, memory, notes);
      break;
    case LineKind::slab_row:
      read_slab_row(line.text, line.line, memory, notes);
      break;
    default:
      break;
  }
}

void store_counter(MemcgReport& memcg, const CounterLine& said, std::uint64_t line) {
  if (!said.usage) return;
  MemcgCounter counter;
  counter.usage = *said.usage;
  counter.limit = said.limit;
  counter.failcnt = said.failcnt;
  counter.line = line;
  switch (said.which) {
    case CounterLine::Which::memory:
      memcg.memory = counter;
      break;
    case CounterLine::Which::memsw:
      memcg.memsw = counter;
      break;
    case CounterLine::Which::swap:
      memcg.swap = counter;
      break;
    case CounterLine::Which::kmem:
      memcg.kmem = counter;
      break;
  }
}

void store_stats(OpenReport& report, const StatBegin& said, const LogicalLine& line,
                 LineNotes& notes) {
  MemcgReport& memcg = memcg_of(report);
  if (said.amounts.empty()) {
    // The old form, a line for each cgroup, whose amounts are cut off.
    if (line.cut || !memcg.subtree.empty()) return;
    report.stat_lines = memcg.stat.empty();
    if (said.path && memcg.stat_path.empty()) memcg.stat_path = path_of(*said.path);
    if (memcg.stat_line == 0) memcg.stat_line = line.line;
    return;
  }
  if (memcg.subtree.size() >= kSubtreeMax) return;
  MemcgSubtreeStat cgroup;
  if (said.path) cgroup.path = path_of(*said.path);
  cgroup.line = line.line;
  if (read_stat_amounts(said.amounts, cgroup.stat, notes) > 0) {
    if (memcg.stat_line == 0) memcg.stat_line = line.line;
    memcg.subtree.push_back(std::move(cgroup));
  }
}

std::string folded(std::string_view text) {
  std::string result;
  for (const char c : trim(text)) {
    if (is_space(c) && !result.empty() && result.back() == ' ') continue;
    result += is_space(c) ? ' ' : c;
  }
  return result;
}

}  // namespace

void Assembly::State::on_mem_info(const LogicalLine& line) {
  OtherBlock* other = current->other.get();
  if (other != nullptr && !other->mem_info_seen) {
    other->mem_info_seen = true;
    takes_other(line);
    return;
  }
  // The dump of the failed request has been; this one is of the OOM report around it.
  close_other(*current);
  OpenReport* report = current->open;
  if (report != nullptr && report->phase == Phase::memory && report->mem_info_seen) {
    report = &make_tentative(line);
    report->phase = Phase::memory;
    report->mem_info_seen = true;
    memory_of(*report).line = line.line;
    return;
  }
  report = part_of(Phase::memory, line, false);
  report->mem_info_seen = true;
  HostMemory& memory = memory_of(*report);
  if (memory.line == 0) memory.line = line.line;
}

void Assembly::State::on_memory_line(const LogicalLine& line) {
  if (takes_other(line)) return;
  OpenReport* report = nullptr;
  OpenReport* trial = current->tentative.get();
  if (trial != nullptr && trial->phase == Phase::memory && is_near(*trial, 16)) {
    report = trial;
    touch(*report, line);
  } else {
    // Ordinary text may look like a total or a cache: only a dump that has begun has such.
    const bool begun =
        current->open != nullptr && !current->gap && current->open->phase <= Phase::memory;
    if (is_weak(line.kind) && line.kind != LineKind::counters && !begun) return;
    if (line.kind == LineKind::node_prefix || line.kind == LineKind::per_cpu) {
      if (!begun) return;
    }
    report = part_of(Phase::memory, line, false);
  }
  if (line.kind == LineKind::slab_begin) report->slab_lines = true;
  if (line.kind == LineKind::slab_row && !report->slab_lines && report->report.at.host_memory &&
      report->report.at.host_memory->ram) {
    return;
  }
  LineNotes notes{.cut = line.cut};
  read_memory_line(*report, line, notes);
  note_overflows(*report, notes);
}

void Assembly::State::on_memcg_line(const LogicalLine& line) {
  close_other(*current);
  LineNotes notes{.cut = line.cut};
  const auto counter =
      line.kind == LineKind::memcg_counter ? read_memcg_counter(line.text, notes) : std::nullopt;
  OpenReport* report = current->open;
  if (counter && counter->which == CounterLine::Which::memory && report != nullptr &&
      report->phase == Phase::memory && report->report.at.memcg &&
      report->report.at.memcg->memory) {
    // A second block, with the lines between lost.
    make_tentative(line).phase = Phase::memory;
    confirm_tentative();
  }
  report = part_of(Phase::memory, line, true);
  MemcgReport& memcg = memcg_of(*report);
  report->stat_lines = false;
  if (counter) {
    store_counter(memcg, *counter, line.line);
    if (counter->no_limit) report->signs.no_limit = counter->no_limit;
  } else if (line.kind == LineKind::memcg_task_in) {
    if (const auto said = read_task_in(line.text)) {
      if (said->task_path) memcg.task_path = path_of(*said->task_path);
      if (said->limit_path && !line.cut) memcg.oom_path = path_of(*said->limit_path);
    }
  } else if (line.kind == LineKind::memcg_stat_begin) {
    if (const auto said = read_stat_begin(line.text)) store_stats(*report, *said, line, notes);
  } else {
    const ProtectionLine said = read_protection(line.text, notes);
    memcg.min_protection = said.min;
    memcg.low_protection = said.low;
  }
  note_overflows(*report, notes);
}

void Assembly::State::on_stat_pair(const LogicalLine& line) {
  OpenReport* report = current->open;
  if (report == nullptr || !report->stat_lines || current->gap || report->phase != Phase::memory) {
    return;
  }
  LineNotes notes{.cut = line.cut};
  if (read_stat_pair(line.text, memcg_of(*report).stat, notes)) touch(*report, line);
  note_overflows(*report, notes);
}

void Assembly::State::on_task_header(const LogicalLine& line) {
  close_other(*current);
  OpenReport* report = current->open;
  if (report != nullptr && report->phase == Phase::tasks && !report->report.at.tasks.empty()) {
    // A second table: the lines between, a verdict and a trigger among them, are lost.
    make_tentative(line).phase = Phase::tasks;
    confirm_tentative();
  }
  report = part_of(Phase::tasks, line, true);
  if (line.kind == LineKind::task_title) return;
  const auto columns = read_task_header(line.text);
  if (!columns) {
    ++report->report.damaged_lines;
    damage.add(Damage::line_cut);
    return;
  }
  report->columns = *columns;
  report->table_inferred = false;
  if (!report->report.task_header) report->report.task_header = folded(line.text);
  current->joiner.set_task_columns(columns->count);
}

// Rows whose header is lost: by their shape, and by the kernel's version if that leaves
// something open.
bool Assembly::State::infer_columns(OpenReport& report, const LogicalLine& line) {
  std::optional<KernelVersion> version;
  if (report.report.at.kernel_release) {
    version = parse_kernel_version(*report.report.at.kernel_release);
  }
  report.columns = infer_task_columns(line.text, version);
  if (report.columns.empty()) return false;
  report.table_inferred = true;
  current->joiner.set_task_columns(report.columns.count);
  return true;
}

void Assembly::State::on_task_row(const LogicalLine& line) {
  OpenReport* report = current->open;
  const bool open = report != nullptr && !current->gap && report->phase <= Phase::tasks;
  if (!open) {
    OpenReport* trial = current->tentative.get();
    if (trial == nullptr && infer_task_columns(line.text, std::nullopt).empty()) return;
    // One row alone may be anything; a second one makes a table.
    const bool second = trial != nullptr && trial->row_was_kept;
    report = part_of(Phase::tasks, line, second);
  } else {
    if (current->other) close_other(*current);
    report->phase = Phase::tasks;
    touch(*report, line);
  }
  if (report->columns.empty() && !infer_columns(*report, line)) {
    ++report->report.damaged_lines;
    damage.add(Damage::row_unreadable);
    return;
  }
  LineNotes notes{.cut = line.cut};
  Task& task = add_row(report->report.at.tasks, rows_before);
  task.line = line.line;
  judge_row(*report, read_task_row(line.text, report->columns, task, notes), notes);
}

// The report whose table a plain row goes on, where on_task_row() would have nothing to decide.
OpenReport* Assembly::State::open_table() const {
  OpenReport* const report = current->open;
  const bool goes_on = report != nullptr && report->phase == Phase::tasks && !current->gap &&
                       !report->columns.empty() && current->other == nullptr &&
                       current->joiner.is_smooth();
  return goes_on ? report : nullptr;
}

// Where the next row is sure to be kept, unless it is the last one again.
const TaskColumns* Assembly::State::columns_for_more() const {
  const OpenReport* const table = open_table();
  if (table == nullptr || table->report.at.tasks.size() >= kTasksMax || rows_held >= kTasksMax ||
      table->report.at.tasks.empty()) {
    return nullptr;
  }
  return &table->columns;
}

// Behind the table's last row, in a table as columns_for_more() wants it.
Task& Assembly::State::next_row() {
  std::vector<Task>& tasks = current->open->report.at.tasks;
  if (filling == nullptr) {
    filling = current->open;
    filled = tasks.size();
  }
  return add_row(tasks, rows_before);
}

// As take_next_row(), of the first row that is not kept yet; it is good.
bool Assembly::State::keep_row(std::uint64_t line, std::optional<HostTime> uptime) {
  ++count;
  current->used_at = count;
  touch(*filling, line, uptime);
  filling->row_was_kept = true;
  std::vector<Task>& tasks = filling->report.at.tasks;
  Task& row = tasks[filled];
  const Task& before = tasks[filled - 1];
  row.line = line;
  if (row.pid == before.pid && row.comm == before.comm) {
    tasks.erase(tasks.begin() + static_cast<std::ptrdiff_t>(filled));
  } else {
    ++filled;
    ++rows_held;
  }
  if (look_for_ready()) return columns_for_more() != nullptr;
  return filled < kTasksMax && rows_held < kTasksMax;
}

void Assembly::State::end_rows() {
  if (filling != nullptr) filling->report.at.tasks.resize(filled);
  filling = nullptr;
}

void Assembly::State::read_row(OpenReport& report, const PlainRow& row) {
  touch(report, row.line, row.uptime);
  LineNotes notes;
  Task& task = add_row(report.report.at.tasks, rows_before);
  task.line = row.line;
  judge_row(report, read_task_row_in_place(row.text, report.columns, task, notes), notes);
}

// Of the last row, which was read where it will stay: it is taken away again if it is none.
void Assembly::State::judge_row(OpenReport& report, RowResult result, const LineNotes& notes) {
  switch (result) {
    case RowResult::good:
    case RowResult::no_comm:
      report.row_was_kept = true;
      keep_last_row(report);
      break;
    case RowResult::short_row:
      report.report.at.tasks.pop_back();
      ++report.report.damaged_lines;
      damage.add(Damage::row_unreadable);
      break;
    case RowResult::impossible:
      report.report.at.tasks.pop_back();
      ++report.report.damaged_lines;
      damage.add(Damage::row_impossible);
      break;
  }
  note_overflows(report, notes);
}

void Assembly::State::keep_last_row(OpenReport& report) {
  std::vector<Task>& tasks = report.report.at.tasks;
  const Task& task = tasks.back();
  if (tasks.size() > 1) {
    // The same line twice in a row: a log that has every line from two sources.
    const Task& before = tasks[tasks.size() - 2];
    if (before.pid == task.pid && before.comm == task.comm) {
      tasks.pop_back();
      return;
    }
  }
  if (tasks.size() > kTasksMax || rows_held >= kTasksMax) {
    tasks.pop_back();
    ++report.report.tasks_dropped;
    damage.add(Damage::rows_dropped);
    return;
  }
  if (&report != current->tentative.get()) ++rows_held;
}

}  // namespace oomkit
