// What the lines of a report mean together: constraint, scope, page size, what is missing.
//
// Nothing here reads text. Words that contradict each other are all kept in the report;
// the conclusions say which of them the rest of the evidence supports.
#pragma once

#include <cstdint>
#include <optional>

#include "core/units.h"
#include "model/oom_report.h"

namespace oomkit {

// What a report's text showed and the report itself has no field for.
struct ReportSigns {
  bool frames = false;          // Frames of a stack, reliable or not.
  bool x86 = false;             // Registers that only x86 has: its pages are of 4 KiB.
  bool reaper_only = false;     // Known by nothing but lines of the reaper.
  std::optional<KiB> no_limit;  // A cgroup's counter as printed where no limit is set.
};

// Fills verdict (where it follows from the choice), constraint and its source, scope, page
// size, the memcg's version and path, missing, ends_cut and complete. Calling it again
// changes nothing.
void conclude(OomReport& report, const ReportSigns& signs);

}  // namespace oomkit
