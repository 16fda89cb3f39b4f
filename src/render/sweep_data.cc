// A sweep for other programs: CSV and JSON.
#include "core/json_writer.h"
#include "render/sweep_text.h"

namespace oomkit {
namespace {

// A cell that a spreadsheet would take for a formula is made text by an apostrophe.
void append_cell(std::string& out, std::string_view text) {
  const bool formula = !text.empty() && std::string_view("=+@\t\r").find(text.front()) != text.npos;
  if (!formula && text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  if (formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_row(std::string& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    append_cell(out, cells[i]);
  }
  out += '\n';
}

void write_counts(JsonWriter& json, std::string_view key, const std::vector<SweepCount>& counts) {
  json.key(key);
  json.begin_array();
  for (const SweepCount& count : counts) {
    json.begin_object();
    json.field("name", count.name);
    json.field("runs", count.runs);
    json.field("first_kill_median_ms", count.median_ms);
    json.end_object();
  }
  json.end_array();
}

void write_field(JsonWriter& json, const SweepReport& report, const SweepByField& field) {
  json.begin_object();
  json.field("field", field.field);
  json.key("values");
  json.begin_array();
  for (const SweepBin& bin : field.bins) {
    json.begin_object();
    json.field("from", bin.from);
    json.field("to", bin.to);
    json.field("runs", bin.runs);
    json.key("outcomes");
    json.begin_object();
    for (std::size_t i = 0; i < bin.outcomes.size(); ++i)
      json.field(report.outcomes[i].name, bin.outcomes[i]);
    json.end_object();
    json.end_object();
  }
  json.end_array();
  json.key("tips");
  json.begin_array();
  for (const SweepTip& tip : field.tips) {
    json.begin_object();
    json.field("below", tip.below);
    json.field("above", tip.above);
    json.field("before", tip.before);
    json.field("after", tip.after);
    json.field("runs", tip.runs);
    json.field("as_said", tip.as_said);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_run(JsonWriter& json, const SweepReport& report, const SweepRun& run) {
  json.begin_object();
  json.field("run", run.index);
  json.field("seed", run.seed);
  json.field("kernel", run.kernel);
  json.key("values");
  json.begin_object();
  for (std::size_t i = 0; i < run.values.size(); ++i)
    json.field(report.fields[i], run.values[i]);
  json.end_object();
  json.field("outcome", run.outcome);
  json.key("victims");
  json.begin_array();
  for (const std::string& victim : run.victims)
    json.value(victim);
  json.end_array();
  json.field("first_kill_ms", run.first_kill_ms);
  if (run.problem.empty()) {
    json.field("duration_ms", run.duration_ms);
  } else {
    json.key("duration_ms");
    json.null();
    json.field("problem", run.problem);
  }
  json.end_object();
}

}  // namespace

std::string sweep_csv(const SweepReport& report) {
  std::string out;
  std::vector<std::string> row = {"run", "seed", "kernel"};
  row.insert(row.end(), report.fields.begin(), report.fields.end());
  for (const char* name : {"outcome", "victims", "first_kill_ms", "duration_ms", "problem"})
    row.emplace_back(name);
  append_row(out, row);
  for (const SweepRun& run : report.runs) {
    row = {std::to_string(run.index), std::to_string(run.seed), run.kernel};
    row.insert(row.end(), run.values.begin(), run.values.end());
    row.push_back(run.outcome);
    std::string victims;
    for (const std::string& victim : run.victims)
      victims += (victims.empty() ? "" : ";") + victim;
    row.push_back(std::move(victims));
    row.push_back(run.first_kill_ms ? std::to_string(*run.first_kill_ms) : "");
    row.push_back(run.problem.empty() ? std::to_string(run.duration_ms) : "");
    row.push_back(run.problem);
    append_row(out, row);
  }
  return out;
}

std::string sweep_json(const SweepReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.sweep/1");
  json.field("scenario", report.scenario);
  json.field("world", "model");
  json.field("seed", report.seed);
  write_counts(json, "outcomes", report.outcomes);
  write_counts(json, "deaths", report.deaths);
  json.key("by_field");
  json.begin_array();
  for (const SweepByField& field : report.by_field)
    write_field(json, report, field);
  json.end_array();
  json.key("runs");
  json.begin_array();
  for (const SweepRun& run : report.runs)
    write_run(json, report, run);
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
