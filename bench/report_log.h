// A log that is nothing but OOM reports, as a host prints them that kills all the time.
//
// The reports come from the tests' generator and are written down by klog's writer, for
// kernels of all ages. A pool of them is framed again and again with new times: making
// every report anew would take longer than reading it.
//
// Two kinds of log, since a reader's time goes to lines and to reports, and a log has few or
// many lines for each report. `whole`: what a host with 100 to 300 processes prints, from the
// trigger to the kill, some 20 KB each. `brief`: anything that is a report, with some
// twenty processes or with none, rate-limited to two lines or without a verdict, 5 KB each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/support/frame_lines.h"

namespace oomkit::bench {

class ReportLog {
 public:
  enum class Reports { whole, brief };

  ReportLog(std::uint64_t seed, test::FrameStyle style, Reports reports);

  void append_report(std::string& out);

 private:
  Random random_;
  test::FrameStyle style_;
  test::FrameTime time_;
  std::vector<std::string> reports_;  // Without frames.
};

}  // namespace oomkit::bench
