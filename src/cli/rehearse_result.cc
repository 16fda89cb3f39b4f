#include "cli/rehearse_result.h"

#include <map>
#include <string_view>
#include <utility>

#include "cli/explain_session.h"
#include "core/json_writer.h"
#include "io/output_sink.h"
#include "io/tree_file.h"
#include "model/run_record_json.h"
#include "render/escape.h"
#include "render/run_text.h"

namespace oomkit {
namespace {

// The text that `oom explain` has for this log.
std::string explained(const std::string& name, const std::string& log, const RehearsePlan& plan) {
  ExplainRequest request;
  request.render.format =
      plan.explain == ExplainForm::full ? OutputFormat::text : OutputFormat::summary;
  request.render.columns = plan.columns;
  request.render.colour = plan.colour;
  std::string text;
  ExplainSession session(
      request, {.pod_directories = {}, .brief = plan.explain == ExplainForm::summary},
      make_renderer(request.render, [&](std::string_view more) { text += more; }));
  MemorySource source(name, log);
  session.begin();
  static_cast<void>(session.read(source, [] { return false; }));
  session.end();
  return text;
}

void append_explanations(std::string& out, const RehearsePlan& plan,
                         const RehearsalResults& results, std::size_t file) {
  if (plan.explain == ExplainForm::none) return;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (plan.file_of[i] != file || !results[i]) continue;
    const std::string text = explained(plan.names[i] + ".log", results[i]->kernel_log, plan);
    if (text.empty()) continue;
    out += '\n';
    if (plan.requests.size() > 1) {
      Paint(plan.colour).append(out, Role::strong, visible(plan.requests[i].kernel.label));
      out += '\n';
    }
    out += text;
  }
}

void append_files(std::string& out, const RehearseArguments& arguments, const RehearsePlan& plan,
                  const RehearsalResults& results, std::size_t file) {
  std::string records;
  for (std::size_t i = 0; i < results.size() && arguments.record; ++i) {
    if (plan.file_of[i] == file && results[i])
      records += (records.empty() ? "" : ", ") + file_for(*arguments.record, plan, i, ".json");
  }
  if (!records.empty()) out += "records: " + visible(records) + "\n";
}

// What was captured at each label, as a tree in one file.
std::map<std::string, std::string> captured_trees(const std::vector<GuestCapture>& captures) {
  std::map<std::string, std::string> trees;
  for (const GuestCapture& capture : captures) {
    std::string& tree = trees[capture.label];
    if (tree.empty()) tree = kTreeFileHead;
    append_tree_file(tree, capture.path, capture.text);
  }
  return trees;
}

std::string decision_lines(const std::vector<GuestDecision>& decisions) {
  std::string lines;
  for (const GuestDecision& decision : decisions)
    lines += decision.record + "\n";
  return lines;
}

}  // namespace

Status write_run_files(const RehearseArguments& arguments, const RehearsePlan& plan,
                       const RehearsalResults& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    const auto write = [&](const std::optional<std::string>& option, const std::string& extension,
                           std::string_view text) -> Status {
      return option ? write_whole(file_for(*option, plan, i, extension), text) : Status();
    };
    if (Status done = write(arguments.log, ".log", results[i]->kernel_log); !done) return done;
    if (Status done = write(arguments.record, ".json", to_json(results[i]->record)); !done)
      return done;
    if (Status done = write(arguments.console, ".console", results[i]->console); !done) return done;
    if (Status done = write(arguments.decisions, ".jsonl", decision_lines(results[i]->decisions));
        !done)
      return done;
    if (!arguments.captures) continue;
    for (const auto& [label, tree] : captured_trees(results[i]->captures)) {
      // Always a folder: one run may have several labels.
      const std::string file = file_for(*arguments.captures + "/", plan, i, "." + label + ".tree");
      if (Status done = write_whole(file, tree); !done) return done;
    }
  }
  return {};
}

std::string rehearsal_text(const RehearseArguments& arguments, const RehearsePlan& plan,
                           const RehearsalResults& results) {
  std::string out;
  for (std::size_t file = 0; file < plan.files.size(); ++file) {
    std::vector<RunColumn> columns;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (plan.file_of[i] != file) continue;
      RunColumn column;
      column.kernel = plan.requests[i].kernel.label;
      if (results[i]) {
        column.record = &results[i]->record;
        column.boot_ms = results[i]->boot_ms;
      } else {
        column.problem = results[i].error().what;
      }
      columns.push_back(std::move(column));
    }
    if (file > 0) out += '\n';
    append_run_table({out, Paint(plan.colour), static_cast<std::size_t>(plan.columns)},
                     plan.files[file].name, columns);
    append_files(out, arguments, plan, results, file);
    append_explanations(out, plan, results, file);
  }
  return out;
}

std::string rehearsal_json(const RehearsePlan& plan, const RehearsalResults& results) {
  if (plan.requests.size() == 1) return results[0] ? to_json(results[0]->record) : std::string();
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.runs/1");
  json.key("runs");
  json.begin_array();
  for (const auto& result : results) {
    if (!result) continue;
    std::string record = to_json(result->record);
    record.pop_back();
    json.raw(record);
  }
  json.end_array();
  json.key("failed");
  json.begin_array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) continue;
    json.begin_object();
    json.field("scenario", std::string_view(plan.requests[i].scenario.name));
    json.field("kernel", std::string_view(plan.requests[i].kernel.release));
    json.field("error", std::string_view(results[i].error().what));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
