// An OomReport as a given kernel would have printed it.
//
// The simulator and the tests write with it; reading what it wrote gives the report
// back, for every version (a property test holds it to that).
#pragma once

#include <string>

#include "model/kernel_version.h"
#include "model/oom_report.h"

namespace oomkit {

// The lines of the report, each ended by '\n', without time stamps or any other frame.
// What the report lacks is left out; what that kernel could not print is left out too.
std::string write_report(const OomReport& report, const KernelVersion& version);

// `report` reduced to what that kernel's log can carry: what reading back
// write_report(report, version) gives, provenance (lines, input) aside.
OomReport as_printed_by(const OomReport& report, const KernelVersion& version);

}  // namespace oomkit
