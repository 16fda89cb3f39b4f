#include "cli/simulate_output.h"

#include <cstdio>

#include "core/json_writer.h"
#include "lab/experiment_log.h"
#include "model/run_record_json.h"
#include "render/escape.h"
#include "render/paint.h"
#include "render/run_text.h"

namespace oomkit {
namespace {

void append_trace(std::string& out, const SimulatedRun& run) {
  for (const TraceLine& line : run.model.trace) {
    const std::int64_t us = line.at.count() / 1000;
    std::string fraction = std::to_string(us % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    out += std::to_string(us / 1'000'000) + "." + fraction + " " + visible(line.text) + "\n";
  }
}

}  // namespace

std::string simulation_text(const std::vector<SimulatedRun>& runs, bool colour, int columns) {
  std::string out;
  for (std::size_t i = 0; i < runs.size();) {
    std::vector<RunColumn> table;
    const std::string& file = runs[i].file;
    std::size_t end = i;
    for (; end < runs.size() && runs[end].file == file; ++end) {
      RunColumn column;
      column.kernel = runs[end].kernel;
      column.record = &runs[end].model.rehearsal.record;
      table.push_back(std::move(column));
    }
    if (i > 0) out += '\n';
    append_run_table({out, Paint(colour), static_cast<std::size_t>(columns)}, file, table);
    for (; i < end; ++i)
      append_trace(out, runs[i]);
  }
  return out;
}

std::string simulation_json(const std::vector<SimulatedRun>& runs) {
  if (runs.size() == 1) return to_json(runs.front().model.rehearsal.record);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.runs/1");
  json.key("runs");
  json.begin_array();
  for (const SimulatedRun& run : runs) {
    std::string record = to_json(run.model.rehearsal.record);
    record.pop_back();
    json.raw(record);
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
