// Records in, reports out: the state machine that knows what belongs together.
//
// One open report for each source that can print at the same time: host, and caller
// (PRINTK_CALLER) where the log names it. Two reports are never joined; what cannot be
// told apart is left unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "klog/framing.h"
#include "klog/lines_tasks.h"
#include "klog/reader.h"
#include "klog/record.h"
#include "model/damage.h"
#include "model/task.h"

namespace oomkit {

class Assembly final : public RecordSink {
 public:
  Assembly(std::string input_name, ReportSink& sink);
  ~Assembly() override;
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  void on_record(const LogRecord& record) override;
  // Plain rows behind one frame, without the copy by which each waits for the next: on_row() is
  // given the row before, or null with the first, and hold_row() the last, which then waits as
  // usual. A row before is followed by '\n', and kPadding bytes can be read behind it.
  void on_row(const LogRecord& record, const PlainRow* before);
  void hold_row(const LogRecord& frame, const PlainRow& last);
  // The same for rows that the caller reads (row_scan.h) as far as they are beyond doubt: the
  // columns of the table that they go on, or null if they have to go the way above. Each is read
  // where it will stay, at next_row(); keep_row() is said of a row when the one behind it has been
  // read, and says whether there still are such columns. What was not kept, end_rows() drops.
  const TaskColumns* open_columns() const;
  Task& next_row();
  bool keep_row(std::uint64_t line, std::optional<HostTime> uptime);
  void end_rows();
  // Lines were of interest just now, so that whatever comes idle() will not be true soon ...
  bool in_report() const;
  // ... and the last was a row of a table: more may follow.
  bool in_table() const;

  // Lines were left out because nothing of interest is in them: rows and statistics
  // before and after the gap do not belong together by mere order.
  void skipped();
  // `last_line_cut`: the last line had no line break, so the input may end inside it.
  // Numbers that touch its end are then left out.
  void finish(bool last_line_cut = false);

  // No report is open and none was just closed whose last lines (reaper, group kills)
  // may still come: the reader may stop looking closely. Reaper lines name their victim
  // and are matched to recent reports of the same host when they come later.
  bool idle() const;

  const DamageCounts& damage() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oomkit
