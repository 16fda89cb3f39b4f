// The drawings of the HTML page, as SVG text.
//
// Each has a title and a description for those who do not see it, and stands beside a
// table of the same numbers. Colours are classes of the page's style sheet.
#pragma once

#include <cstddef>
#include <string>

#include "explain/incident.h"
#include "render/report_view.h"

namespace oomkit {

// Where memory went: one bar of the parts, the limit marked. `id` is unique on the page.
void append_ledger_chart(std::string& out, const LedgerView& ledger, std::size_t id);

// Class of the colour of a part, which the table's legend shares ("f-w1").
std::string ledger_class(const LedgerView& ledger, std::size_t line);

// The points of a task, by what they are made of.
void append_task_bar(std::string& out, const TaskLine& line);

// Memory of the processes of an incident over time, kills marked. Nothing without at
// least two points in time.
void append_timeline(std::string& out, const Incident& incident, std::size_t id);

// "12.5" of a coordinate.
void append_coordinate(std::string& out, double value);

}  // namespace oomkit
