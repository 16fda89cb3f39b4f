#include "klog/lines_tasks.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "klog/task_values.h"

namespace oomkit {
namespace {

struct ColumnName {
  std::string_view name;
  TaskColumn column;
};

constexpr std::array<ColumnName, 15> kColumnNames = {{
    {"uid", TaskColumn::uid},
    {"tgid", TaskColumn::tgid},
    {"total_vm", TaskColumn::total_vm},
    {"rss", TaskColumn::rss},
    {"rss_anon", TaskColumn::rss_anon},
    {"rss_file", TaskColumn::rss_file},
    {"rss_shmem", TaskColumn::rss_shmem},
    {"nr_ptes", TaskColumn::nr_ptes},
    {"nr_pmds", TaskColumn::nr_pmds},
    {"nr_puds", TaskColumn::nr_puds},
    {"pgtables_bytes", TaskColumn::pgtables_bytes},
    {"swapents", TaskColumn::swapents},
    {"cpu", TaskColumn::cpu},
    {"oom_adj", TaskColumn::oom_adj},
    {"oom_score_adj", TaskColumn::oom_score_adj},
}};

TaskColumn column_named(std::string_view word) {
  for (const ColumnName& known : kColumnNames) {
    if (known.name == word) return known.column;
  }
  return TaskColumn::other;
}

std::string_view next_word(std::string_view text, std::size_t& at) {
  skip_blanks(text, at);
  const std::size_t begin = at;
  while (at < text.size() && !is_space(text[at]))
    ++at;
  return text.substr(begin, at - begin);
}

// The pid between the brackets; `at` behind the closing one.
std::optional<std::int64_t> take_pid(std::string_view text, std::size_t& at, LineNotes& notes) {
  skip_blanks(text, at);
  if (at >= text.size() || text[at] != '[') return std::nullopt;
  ++at;
  skip_blanks(text, at);
  const auto pid = take_number(text, at, notes);
  if (!pid || at >= text.size() || text[at] != ']') return std::nullopt;
  ++at;
  return pid;
}

// How a row without a header is built: how many numbers follow the bracket, and how many
// bytes the fifth of them took with the blanks before it.
struct RowShape {
  std::size_t numbers = 0;
  std::size_t fifth_width = 0;
  std::int64_t fifth = 0;
  bool blanks_folded = true;
};

RowShape shape_of(std::string_view row) {
  RowShape shape;
  LineNotes notes;
  std::size_t at = 0;
  if (!take_pid(row, at, notes)) return shape;
  while (shape.numbers < TaskColumns::kMax) {
    const std::size_t before = at;
    skip_blanks(row, at);
    const std::size_t digits = at;
    const auto number = take_number(row, at, notes);
    if (!number || (at < row.size() && !is_space(row[at]))) break;
    ++shape.numbers;
    if (digits - before > 1) shape.blanks_folded = false;
    if (shape.numbers == 5) {
      shape.fifth_width = at - before;
      shape.fifth = *number;
    }
  }
  return shape;
}

enum class SevenForm { open, cpu_adj, ptes, pgtables };

// Seven numbers stand in three kinds of tables: "cpu oom_adj oom_score_adj" with %3d for
// the first of them, "nr_ptes swapents oom_score_adj" with %7lu, and "pgtables_bytes
// swapents oom_score_adj" with %8lu.
SevenForm form_of_seven(const RowShape& shape, std::optional<KernelVersion> version) {
  if (!shape.blanks_folded) {
    if (shape.fifth_width == 4) return SevenForm::cpu_adj;
    if (shape.fifth_width == 8 && shape.fifth < 1000000) return SevenForm::ptes;
    if (shape.fifth_width >= 9) return SevenForm::pgtables;
  }
  if (!version) return SevenForm::open;
  if (*version >= KernelVersion{4, 15, 0}) return SevenForm::pgtables;
  return *version >= KernelVersion{3, 5, 0} ? SevenForm::ptes : SevenForm::cpu_adj;
}

void add_seven(TaskColumns& columns, SevenForm form) {
  switch (form) {
    case SevenForm::open:
      columns.add(TaskColumn::other);
      columns.add(TaskColumn::other);
      break;
    case SevenForm::cpu_adj:
      columns.add(TaskColumn::cpu);
      columns.add(TaskColumn::oom_adj);
      break;
    case SevenForm::ptes:
      columns.add(TaskColumn::nr_ptes);
      columns.add(TaskColumn::swapents);
      break;
    case SevenForm::pgtables:
      columns.add(TaskColumn::pgtables_bytes);
      columns.add(TaskColumn::swapents);
      break;
  }
}

// Rows are four lines of five in a log of reports, so they are read by bare pointers, with
// enough behind the row that whole words can be read wherever a number may begin. This is a copy
// of a row for that, where it does not stand in a log with more behind it.
class RowText {
 public:
  // Longer than any row's numbers; of a comm that a log made longer the rest is read in place.
  static constexpr std::size_t kMax = 512;

  explicit RowText(std::string_view row) {
    const std::size_t size = std::min(row.size(), kMax);
    std::memcpy(bytes_.data(), row.data(), size);
    std::memset(bytes_.data() + size, 0, kPadding);
    end_ = bytes_.data() + size;
  }

  const char* begin() const { return bytes_.data(); }
  const char* end() const { return end_; }

 private:
  std::array<char, kMax + kPadding> bytes_;
  const char* end_;
};

struct RowNumber {
  const char* end = nullptr;  // Null if there is no number.
  std::int64_t value = 0;
};

// Nineteen digits and more.
RowNumber longest_number(const char* begin, const char* row_end, LineNotes& notes) {
  const std::string_view text(begin, static_cast<std::size_t>(row_end - begin));
  std::size_t at = 0;
  const auto value = take_number(text, at, notes);
  return value ? RowNumber{begin + at, *value} : RowNumber{};
}

// A number that does not begin with a digit, or is very long.
RowNumber rare_number(const char* at, const char* row_end, LineNotes& notes) {
  const bool negative = *at == '-';
  const Digits digits = padded_digits(negative ? at + 1 : at);
  if (digits.length == 0) return {};
  if (digits.length > kDigitsMax) return longest_number(at, row_end, notes);
  const auto value = static_cast<std::int64_t>(digits.value);
  return {at + digits.length + (negative ? 1 : 0), negative ? -value : value};
}

// The number behind the blanks at `at`.
inline RowNumber row_number(const char* at, const char* row_end, LineNotes& notes) {
  at = padded_blanks(at);
  const Digits digits = padded_digits(at);
  if (digits.length - 1 >= kDigitsMax) return rare_number(at, row_end, notes);
  return {at + digits.length, static_cast<std::int64_t>(digits.value)};
}

// What every kernel's table begins with.
constexpr std::array<TaskColumn, 4> kFirstColumns = {TaskColumn::uid, TaskColumn::tgid,
                                                     TaskColumn::total_vm, TaskColumn::rss};

bool begins_as_usual(const TaskColumns& columns) {
  return columns.count > kFirstColumns.size() &&
         std::equal(kFirstColumns.begin(), kFirstColumns.end(), columns.at.begin());
}

// A row from its bracket on, with kPadding bytes behind `end`, the first neither blank nor digit.
// `text` is the same row, of which a copy may hold no more than the numbers.
inline RowResult read_padded_row(const char* begin, const char* end, std::string_view text,
                                 const TaskColumns& columns, Task& task, LineNotes& notes) {
  const RowNumber pid = row_number(begin + 1, end, notes);
  if (pid.end == nullptr || *pid.end != ']') return RowResult::short_row;
  task.pid = pid.value;
  const char* at = pid.end + 1;
  std::size_t i = 0;
  if (begins_as_usual(columns)) {
    std::array<std::int64_t, kFirstColumns.size()> values{};
    for (std::int64_t& value : values) {
      const RowNumber number = row_number(at, end, notes);
      if (number.end == nullptr || *number.end != ' ') return RowResult::short_row;
      at = number.end;
      value = number.value;
    }
    task.uid = values[0];
    task.tgid = values[1];
    task.total_vm = Pages(values[2]);
    task.rss = Pages(values[3]);
    i = values.size();
  }
  for (; i < columns.count; ++i) {
    const RowNumber number = row_number(at, end, notes);
    if (number.end == nullptr) return RowResult::short_row;
    at = number.end;
    if (*at != ' ') {
      // The comm is empty, or the row breaks off and this number with it.
      if (at != end || i + 1 != columns.count) return RowResult::short_row;
      return is_possible_row(task) ? RowResult::no_comm : RowResult::impossible;
    }
    store_column(task, columns.at[i], number.value);
  }
  if (at == end) return RowResult::short_row;  // "[0]", where no column is known.
  task.comm.assign(trim_right(text.substr(static_cast<std::size_t>(at - begin) + 1)));
  if (!is_possible_row(task)) return RowResult::impossible;
  return task.comm.empty() ? RowResult::no_comm : RowResult::good;
}

}  // namespace

std::optional<TaskColumns> read_task_header(std::string_view text) {
  text = trim(text);
  const std::size_t close = text.find(']');
  if (!text.starts_with("[") || close == std::string_view::npos) return std::nullopt;
  if (trim(text.substr(1, close - 1)) != "pid") return std::nullopt;
  TaskColumns columns;
  std::size_t at = close + 1;
  while (at < text.size() && columns.count < TaskColumns::kMax) {
    const std::string_view word = next_word(text, at);
    if (word.empty()) break;
    if (word == "name") return columns;
    columns.add(column_named(word));
  }
  return std::nullopt;
}

bool is_task_column(std::string_view word) {
  return word == "name" || column_named(word) != TaskColumn::other;
}

TaskColumns infer_task_columns(std::string_view row, std::optional<KernelVersion> version) {
  const RowShape shape = shape_of(row);
  TaskColumns columns;
  if (shape.numbers < 6) return columns;
  for (const TaskColumn column :
       {TaskColumn::uid, TaskColumn::tgid, TaskColumn::total_vm, TaskColumn::rss}) {
    columns.add(column);
  }
  switch (shape.numbers) {
    case 6:
      columns.add(TaskColumn::cpu);
      columns.add(TaskColumn::oom_adj);
      return columns;
    case 7:
      add_seven(columns, form_of_seven(shape, version));
      break;
    case 8:
    case 9:
      columns.add(TaskColumn::nr_ptes);
      columns.add(TaskColumn::nr_pmds);
      if (shape.numbers == 9) columns.add(TaskColumn::nr_puds);
      columns.add(TaskColumn::swapents);
      break;
    case 10:
      for (const TaskColumn column :
           {TaskColumn::rss_anon, TaskColumn::rss_file, TaskColumn::rss_shmem,
            TaskColumn::pgtables_bytes, TaskColumn::swapents}) {
        columns.add(column);
      }
      break;
    default:
      for (std::size_t i = 4; i + 1 < shape.numbers; ++i)
        columns.add(TaskColumn::other);
      break;
  }
  columns.add(TaskColumn::oom_score_adj);
  return columns;
}

RowResult read_task_row(std::string_view text, const TaskColumns& columns, Task& task,
                        LineNotes& notes) {
  text.remove_prefix(scan_blanks(text.data(), text.data() + text.size()));
  if (text.empty() || text[0] != '[') return RowResult::short_row;
  const RowText row(text);
  return read_padded_row(row.begin(), row.end(), text, columns, task, notes);
}

RowResult read_task_row_in_place(std::string_view text, const TaskColumns& columns, Task& task,
                                 LineNotes& notes) {
  return read_padded_row(text.data(), text.data() + text.size(), text, columns, task, notes);
}

}  // namespace oomkit
