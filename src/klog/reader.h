// From bytes to reports, in one pass and in constant memory.
//
//   blocks --scan--> hot ranges --framing--> records --repair--> logical lines
//          --lines--> facts --assembly--> OomReport, OtherEvent
//
// Almost all of a log is about something else. The scanner (scan.h) runs over raw
// bytes looking for words that every OOM report has somewhere, and only around those
// is anything looked at closely: some kilobytes back, because a report may have lost
// its head, and on for as long as a report is open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "model/damage.h"
#include "model/oom_report.h"

namespace oomkit {

class ReportSink {
 public:
  virtual ~ReportSink() = default;
  virtual void on_report(OomReport&& report) = 0;
  virtual void on_other(OtherEvent&& event) = 0;
};

struct InputTotals {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
};

struct LogReaderOptions {
  bool plain_scan = false;  // The scanner's plain twin: for tests and to measure the fast one.
};

// One input from its first byte to its last. Feed it blocks of any size, down to one
// byte: the result does not depend on how the input is cut.
class LogReader {
 public:
  LogReader(std::string input_name, ReportSink& sink, LogReaderOptions options = {});
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  void feed(std::string_view block);
  void finish();  // The end of the input: open reports are completed and handed over.

  const InputTotals& totals() const;
  const DamageCounts& damage() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oomkit
