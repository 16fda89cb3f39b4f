// For tests: text to reports without a scanner, and whether one reading of a log
// contradicts another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "klog/reader.h"
#include "model/damage.h"
#include "model/oom_report.h"

namespace oomkit::test {

struct Reading {
  std::vector<OomReport> reports;
  std::vector<OtherEvent> others;
  DamageCounts damage;
};

// Lines of a log, as framing and assembly read them. A text that does not end in a line
// break is cut inside its last line.
Reading read_lines(std::string_view text);

// The same, when the text is kernel lines with nothing before them and each is a record
// of a framed log.
Reading read_kernel_lines(std::string_view text);

// What `part`, read from a damaged log, says that `whole`, read from the log as it was,
// does not say: "" if the damage has only cost fields. Fields about the damage itself,
// and where the lines stood, may differ.
std::string contradiction(const OomReport& part, const OomReport& whole);

}  // namespace oomkit::test
