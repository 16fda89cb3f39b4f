// Where two reports differ, field by field, for the message of a failed test.
#pragma once

#include <string>

#include "model/oom_report.h"

namespace oomkit::test {

// "at.tasks[3].comm: "a b" is not "a"", a line for each difference; "" if they are equal.
std::string report_difference(const OomReport& actual, const OomReport& expected);

}  // namespace oomkit::test
