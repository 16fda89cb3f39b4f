// Reports that no kernel ever made, and each could have: plausible, and nasty where a log is.
//
// One Random gives one report. It has every field that any kernel prints (as_printed_by()
// takes away what the version at hand does not), and is consistent where a reader may prove
// things: a victim's kB are its row's pages times the page size, free lists add up to their
// totals.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/random.h"
#include "model/kernel_version.h"
#include "model/oom_report.h"

namespace oomkit::test {

// At least one of each form that was ever printed, oldest first.
const std::vector<KernelVersion>& kernel_versions();

// All of these; under the sanitizers, which make minutes of seconds, each fourth and the newest.
std::vector<KernelVersion> kernel_versions_to_try();

struct RandomReportOptions {
  std::size_t tasks_max = 60;  // Now and then ten times as many.
  bool nasty_names = true;     // Blanks, brackets, quotes, bytes that are no UTF-8.
};

OomReport random_report(Random& random, const KernelVersion& version,
                        const RandomReportOptions& options = {});

}  // namespace oomkit::test
