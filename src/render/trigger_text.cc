#include "render/trigger_text.h"

#include <algorithm>

#include "core/json_writer.h"
#include "core/text.h"
#include "render/escape.h"
#include "render/top_json.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

const Prediction* prediction_of(const TopReport& report) {
  const bool known = !report.scopes.empty() && report.scopes.front().prediction;
  return known ? &*report.scopes.front().prediction : nullptr;
}

// Whom the selection chose: up to 5.1 a child of it may have died in its place.
std::optional<std::int64_t> chosen_pid(const OomReport& report) {
  if (report.selection && report.selection->pid) return report.selection->pid;
  return report.victims.empty() ? std::nullopt : report.victims.front().pid;
}

std::string chosen_text(const Victim& victim) {
  std::string text = victim.comm ? visible(*victim.comm) : "a process";
  if (victim.pid) text += " (" + std::to_string(*victim.pid) + ")";
  return text;
}

std::string victims_text(const std::vector<Victim>& victims) {
  constexpr std::size_t kShownMax = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(victims.size(), kShownMax); ++i)
    text += (i > 0 ? ", " : "") + chosen_text(victims[i]);
  if (victims.size() > kShownMax)
    text += " and " + std::to_string(victims.size() - kShownMax) + " others";
  return text;
}

std::string outcome_sentence(const TopReport& report, const TriggerOutcome& outcome) {
  if (!outcome.log_problem.empty()) {
    return "The kernel was asked. Whom it killed is in its log, which cannot be read: " +
           outcome.log_problem;
  }
  if (outcome.reports.empty())
    return "The kernel was asked, and its log tells of no kill: it found no task that may be "
           "killed.";
  const OomReport& last = outcome.reports.back();
  if (last.victims.empty()) return "The kernel was asked, and killed nobody.";
  std::string text = "The kernel killed " + victims_text(last.victims);
  const auto predicted = is_as_predicted(report, outcome);
  if (predicted == true) text += ", as predicted";
  if (predicted == false) text += ": not who was predicted";
  return text + ".";
}

constexpr const char* kPreview =
    "Nothing was done. With --yes the kernel is asked for it (sysrq f), once and at once: as root "
    "that is always allowed, kernel.sysrq governs the keyboard only.";

void write_pids(JsonWriter& json, const TopReport& report) {
  json.key("would_kill");
  json.begin_array();
  if (const Prediction* const prediction = prediction_of(report)) {
    for (const std::size_t index : prediction->would_kill) {
      const Task& task = report.snapshot.tasks[index];
      json.begin_object();
      json.field("pid", task.pid);
      json.field("comm", std::string_view(task.comm));
      json.end_object();
    }
  }
  json.end_array();
}

void write_killed(JsonWriter& json, const TriggerOutcome& outcome) {
  json.begin_array();
  for (const OomReport& report : outcome.reports) {
    for (const Victim& victim : report.victims) {
      json.begin_object();
      json.field("pid", victim.pid);
      json.key("comm");
      victim.comm ? json.value(std::string_view(*victim.comm)) : json.null();
      json.end_object();
    }
  }
  json.end_array();
}

}  // namespace

std::optional<bool> is_as_predicted(const TopReport& report, const TriggerOutcome& outcome) {
  const Prediction* const prediction = prediction_of(report);
  if (prediction == nullptr || outcome.reports.empty()) return std::nullopt;
  const auto chosen = chosen_pid(outcome.reports.back());
  if (!chosen) return std::nullopt;
  const auto& tasks = prediction->tasks;
  const auto tied = std::min(prediction->tied, tasks.size());
  return std::any_of(
      tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(tied),
      [&](const PredictedTask& task) { return report.snapshot.tasks[task.index].pid == *chosen; });
}

std::string trigger_text(const TopReport& report, const TriggerOutcome* outcome,
                         const TopTextOptions& options) {
  std::string text = top_text(report, options);
  text += '\n';
  const std::string sentence = outcome != nullptr ? outcome_sentence(report, *outcome) : kPreview;
  append_wrapped(text, sentence, options.columns, 0, 0);
  return text;
}

std::string trigger_json(const TopReport& report, const TriggerOutcome* outcome, std::size_t rows) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.trigger/1");
  write_pids(json, report);
  json.field("asked", outcome != nullptr);
  json.key("killed");
  const bool known = outcome != nullptr && outcome->log_problem.empty();
  known ? write_killed(json, *outcome) : json.null();
  json.field("as_predicted",
             outcome != nullptr ? is_as_predicted(report, *outcome) : std::optional<bool>());
  json.key("top");
  json.raw(trim(top_json(report, rows)));
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
