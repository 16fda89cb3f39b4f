// The kernel version by whose rules a report is judged.
//
// The release in the log is a hint: distributions carry features back (an el6 "2.6.32"
// scores like 2.6.36, an el8 "4.18" prints the kill line of 5.4), and many logs name no
// release at all. What the report's own text shows, a column or a word of a line, came
// with a known release, and that is the better evidence for the OOM killer's rules. For
// what such carrying back does not touch, the bits of a gfp mask say, use the release.
#pragma once

#include <optional>

#include "model/kernel_version.h"
#include "model/oom_report.h"

namespace oomkit {

struct JudgedVersion {
  KernelVersion version;
  bool stated = false;  // The release names it, and the text does not contradict.
};

// Nothing if neither a release nor any dated feature is in the report.
std::optional<JudgedVersion> judged_version(const OomReport& report);

}  // namespace oomkit
