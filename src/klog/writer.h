// An OomReport as a given kernel would have printed it.
//
// The simulator and the tests write with it; reading what it wrote gives the report
// back, for every version (a property test holds it to that).
//
// What a report lacks is left out of the text: a line, a word of a list. Where a line has no
// form without a number (the columns of a task, the sizes of a kill), the number comes from
// other parts of the report if they have it, else it is 0: a kernel's line has no holes.
#pragma once

#include <string>

#include "model/kernel_version.h"
#include "model/oom_report.h"

namespace oomkit {

// The lines of the report, each ended by '\n', without time stamps or any other frame.
// What that kernel could not print is left out. Empty if that kernel says nothing of such an
// event: a userspace killer's kill, or a memcg without a candidate before 4.19.
std::string write_report(const OomReport& report, const KernelVersion& version);

// `report` reduced to what that kernel's log can carry: what reading back
// write_report(report, version) gives, provenance (lines, input) aside.
OomReport as_printed_by(const OomReport& report, const KernelVersion& version);

// Without all that says where in which input it was read: two reports that say the same are
// then equal.
OomReport strip_provenance(OomReport report);

}  // namespace oomkit
