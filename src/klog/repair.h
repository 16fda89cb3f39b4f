// Records in, logical lines out: wrapped and torn lines put together again.
//
// What a kernel printed as one line may come in several: wrapped by a mailer at 72
// columns, cut by a terminal in mid-word, a time stamp alone with its text on the next
// line, a zone line that an interrupt's message tore in two. A line waits here until
// what follows shows that it is whole. Between the halves people type their comments,
// so lines that say nothing do not end the waiting; a line that says something does.
//
// One joiner for each source (host, caller) of an input.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"
#include "klog/line_kind.h"
#include "klog/record.h"
#include "klog/repair_junction.h"

namespace oomkit {

struct LogicalLine {
  std::string_view text;
  LineKind kind = LineKind::unknown;
  std::uint64_t line = 0;       // Where it begins ...
  std::uint64_t last_line = 0;  // ... and ends.
  std::optional<HostTime> uptime;
  std::string_view stamp;
  std::string_view ident;
  bool cut = false;           // The input ends inside it.
  bool blank_before = false;  // A blank line that no frame accounts for stands before it.
};

class LogicalLineSink {
 public:
  virtual ~LogicalLineSink() = default;
  virtual void on_line(const LogicalLine& line) = 0;
};

class LineJoiner {
 public:
  // Lines that were whole go to `sink` at once or when the next one shows it.
  void add(const LogRecord& record, LogicalLineSink& sink);
  void flush(LogicalLineSink& sink, bool cut = false);
  // Plain rows in a row, see Assembly::on_row(). The first shows that what waits is whole, for
  // no row goes on another line; the last waits; and those between are lines as they are.
  void begin_rows(LogicalLineSink& sink);
  LogicalLine row_line(const LogRecord& frame, const PlainRow& row);
  void hold_row(const LogRecord& record) {
    if (record.uptime) last_uptime_ = record.uptime;
    held_.take(record, LineKind::task_row, record.uptime);
  }

  void set_task_columns(std::size_t count) { task_columns_ = count; }
  bool holds_row() const { return held_.there && held_.line.kind == LineKind::task_row; }
  std::uint64_t take_rejoined();  // Lines put together since it was last asked.
  // Nothing stands between the lines that were passed on and the one that waits.
  bool is_smooth() const { return rejoined_ == 0 && !blank_before_; }

 private:
  // A line that waits, with copies of what its record only points at.
  struct Waiting {
    bool there = false;
    std::uint32_t frame = 0;  // Of the record whose stamp and ident are kept.
    std::string text;
    std::array<char, 48> stamp{};
    std::array<char, 24> ident{};
    LogicalLine line;

    void take(const LogRecord& record, LineKind kind, std::optional<HostTime> uptime);
  };

  bool try_join(const LogRecord& record, LineKind kind);
  bool try_join_stranger(const LogRecord& record, LineKind kind, LogicalLineSink& sink);
  void append(Waiting& waiting, const LogRecord& record, Junction how);
  void pass(const LogRecord& record, LineKind kind, LogicalLineSink& sink);

  Waiting held_;
  // The last line that says nothing, which may be the first half of one that does.
  Waiting stranger_;
  bool blank_before_ = false;  // A blank line stands before the held one ...
  bool blank_after_ = false;   // ... and behind it.
  int strangers_ = 0;          // Lines since the held one that say nothing.

  // When a time stamp stands alone on its line, the text that follows is of that time.
  std::optional<HostTime> last_uptime_;
  std::size_t task_columns_ = 0;
  std::uint64_t rejoined_ = 0;
  int glued_ = 0;   // Junctions in mid-word that were certain ...
  int spaced_ = 0;  // ... and at blanks that are gone: the next doubtful one is like these.
};

}  // namespace oomkit
