// A log that is nothing but OOM reports, as a host prints them that kills all the time.
//
// The reports come from the tests' generator and are written down by klog's writer, for
// kernels of all ages. A pool of them is framed again and again with new times: making
// every report anew would take longer than reading it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "tests/support/frame_lines.h"

namespace oomkit::bench {

class ReportLog {
 public:
  ReportLog(std::uint64_t seed, test::FrameStyle style);

  void append_report(std::string& out);

 private:
  Random random_;
  test::FrameStyle style_;
  test::FrameTime time_;
  std::vector<std::string> reports_;  // Without frames.
};

}  // namespace oomkit::bench
