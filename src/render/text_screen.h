// The sections of the terminal's screen of one report.
#pragma once

#include <cstddef>
#include <string>

#include "explain/incident.h"
#include "render/paint.h"
#include "render/report_view.h"

namespace oomkit {

struct TextScreen {
  std::string& out;
  Paint paint;
  std::size_t columns;
};

void append_report_screen(TextScreen screen, std::size_t index, const ReportView& view);
void append_incident_screen(TextScreen screen, const Incident& incident);

void append_heading(TextScreen screen, std::string_view title);

// A finding: its title by severity, its detail below.
void append_finding(TextScreen screen, const Finding& finding);

}  // namespace oomkit
