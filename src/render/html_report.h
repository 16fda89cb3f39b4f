// The parts of the HTML page.
#pragma once

#include <cstddef>
#include <string>

#include "explain/incident.h"
#include "render/report_view.h"

namespace oomkit {

void append_html_report(std::string& out, std::size_t index, const ReportView& view);
void append_html_incident(std::string& out, const Incident& incident, std::size_t id);
void append_html_findings(std::string& out, const std::vector<const Finding*>& findings);
void append_html_list(std::string& out, const std::vector<std::string>& items);

}  // namespace oomkit
