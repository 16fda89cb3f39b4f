#include "render/replay_text.h"

#include <chrono>

#include "core/json_writer.h"
#include "record/words.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kWhenColumns = 12;

double seconds_of(HostTime time) {
  return std::chrono::duration<double>(time).count();
}

std::string clock_text(HostTime at) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(at).count();
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  return std::to_string(ms / 1000) + "." + fraction + " s";
}

std::string dated_line(HostTime at, const std::string& text, std::size_t columns) {
  std::string line;
  append_right(line, clock_text(at), kWhenColumns);
  line += "  ";
  append_wrapped(line, visible(text), columns, kWhenColumns + 2, kWhenColumns + 2);
  return line;
}

std::string whom_text(const SettledDecision& decision) {
  std::string text = "rule " + decision.rule + ":";
  if (!decision.pids.empty()) {
    text += decision.pids.size() == 1 ? " process " : " processes ";
    constexpr std::size_t kShown = 8;
    for (std::size_t i = 0; i < decision.pids.size() && i < kShown; ++i)
      text += (i > 0 ? ", " : "") + std::to_string(decision.pids[i]);
    if (decision.pids.size() > kShown)
      text += " and " + std::to_string(decision.pids.size() - kShown) + " more";
  }
  if (!decision.cgroup.empty()) text += " in " + decision.cgroup;
  return text + ": " + std::string(record_word(decision.outcome));
}

std::string decisions_text(std::uint64_t count) {
  return count == 1 ? "1 decision" : grouped_text(count) + " decisions";
}

}  // namespace

std::string replayed_line(const ReplayedDecision& decision, std::size_t columns) {
  std::string text = decision.sentence;
  constexpr std::string_view kDryRun = "dry run: ";
  if (text.starts_with(kDryRun)) text.erase(0, kDryRun.size());
  if (decision.acts) text += decision.as_recorded ? " (as then)" : " (NOT as then)";
  return dated_line(decision.at, text, columns);
}

std::string replay_text(const ReplaySummary& summary, std::string_view policy,
                        std::size_t columns) {
  std::string out;
  const auto say = [&](const std::string& text) { append_paragraph(out, text, columns, 0); };
  for (const MissingDecision& missing : summary.missing)
    out += dated_line(missing.at, "then, and not now: " + whom_text(missing.decision), columns);
  if (summary.recorded + summary.decided > 0) out += '\n';
  std::string verdict = decisions_text(summary.recorded) + " then, " +
                        grouped_text(summary.decided) + " now by " + visible(policy) + ": ";
  verdict += summary.agrees() ? "the same." : "they differ.";
  say(verdict);
  say("The recording: " + grouped_text(summary.ticks) + " looks in " +
      duration_text(seconds_of(summary.duration)) + ", guarded by " +
      visible(summary.begin.policy) +
      (summary.same_policy ? ", the same text as now." : ", which is another text.") +
      (summary.begin.dry_run ? " It was a dry run." : "") +
      (summary.begins > 1 ? " The guard began " + grouped_text(summary.begins) + " times." : ""));
  if (!summary.agrees())
    say("After the first difference the recording goes on as it went then; what the other "
        "decision would have changed cannot be seen in it.");
  if (!summary.same_policy)
    say("The recording has the cgroups and processes that its own policy asked for; where this "
        "one asks for others, it waits for them.");
  if (summary.lost > 0)
    say(grouped_text(summary.lost) +
        " lines are missing in it: they came faster than they could "
        "be written. A difference may be due to them.");
  if (summary.is_cut) say("Its last line was being written when it ended; it is left out.");
  return out;
}

std::string replay_json(const ReplaySummary& summary, std::string_view policy) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", "oomkit.replay/1");
  json.field("policy", policy);
  json.field("recorded_with", std::string_view(summary.begin.policy));
  json.field("same_policy", summary.same_policy);
  json.field("dry_run", summary.begin.dry_run);
  json.field("begins", summary.begins);
  json.field("ticks", summary.ticks);
  json.field("duration_s", seconds_of(summary.duration));
  json.field("lost_lines", summary.lost);
  json.field("cut", summary.is_cut);
  json.field("recorded", summary.recorded);
  json.field("decided", summary.decided);
  json.field("agreeing", summary.agreeing);
  json.field("agrees", summary.agrees());
  json.key("missing");
  json.begin_array();
  for (const MissingDecision& missing : summary.missing) {
    json.begin_object();
    json.field("at_s", seconds_of(missing.at));
    json.field("rule", std::string_view(missing.decision.rule));
    json.key("pids");
    json.begin_array();
    for (const std::int32_t pid : missing.decision.pids)
      json.value(static_cast<std::int64_t>(pid));
    json.end_array();
    json.field("cgroup", std::string_view(missing.decision.cgroup));
    json.field("outcome", record_word(missing.decision.outcome));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
  return out;
}

}  // namespace oomkit
