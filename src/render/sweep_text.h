// What came of a sweep: as a page for a terminal, as a line for each run, as JSON.
#pragma once

#include <string>

#include "model/sweep_report.h"
#include "render/text_screen.h"

namespace oomkit {

// Who died how often; by each field, and where it tips.
void append_sweep(TextScreen screen, const SweepReport& report);

// A line for each run below a line of names (RFC 4180).
std::string sweep_csv(const SweepReport& report);

// "oomkit.sweep/1"
std::string sweep_json(const SweepReport& report);

}  // namespace oomkit
