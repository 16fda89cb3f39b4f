// The objects of `oomkit.explain/1`, the record that other programs rely on. Names may be
// added here and never changed; whatever the log does not tell is null.
#pragma once

#include <cstddef>
#include <functional>

#include "core/json_writer.h"
#include "explain/explanation.h"
#include "explain/incident.h"
#include "model/oom_report.h"

namespace oomkit {

// Takes away what the writer has written so far: a table is larger than all else of a report
// together, and is not to be held in memory a second time, as text.
using Drain = std::function<void()>;

void write_report(JsonWriter& json, std::size_t index, const Explanation& explanation,
                  const Drain& drain);
void write_incident(JsonWriter& json, const Incident& incident);
void write_other(JsonWriter& json, const OtherEvent& event);

// Parts of a report, each in a file of its own.
void write_memcg(JsonWriter& json, const Explanation& explanation);
void write_host_memory(JsonWriter& json, const Explanation& explanation);
void write_ledger(JsonWriter& json, const Explanation& explanation);
void write_tasks(JsonWriter& json, const Explanation& explanation, const Drain& drain);
void write_findings(JsonWriter& json, const std::vector<Finding>& findings);

}  // namespace oomkit
