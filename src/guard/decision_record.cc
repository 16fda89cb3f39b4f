#include "guard/decision_record.h"

#include <algorithm>

#include "core/fixed_text.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextMax = 256;  // Of a name or path that is shown.
constexpr std::size_t kTermsMax = 16;

std::string_view shortened(std::string_view text) {
  return text.substr(0, kTextMax);
}

double seconds(HostTime time) {
  return std::chrono::duration<double>(time).count();
}

void append_padded(FixedText<40>& text, int number, int digits) {
  int least = 1;
  for (int count = 1; count < digits; ++count)
    least *= 10;
  for (; least > 1 && number < least; least /= 10)
    text.append("0");
  text.append(number);
}

// "2026-11-22T03:41:00.123Z".
FixedText<40> calendar_text(std::chrono::microseconds since_epoch) {
  const auto day = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const std::chrono::hh_mm_ss<std::chrono::microseconds> time(since_epoch - day);
  FixedText<40> text;
  append_padded(text, static_cast<int>(date.year()), 4);
  text.append("-");
  append_padded(text, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  text.append("-");
  append_padded(text, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  text.append("T");
  append_padded(text, static_cast<int>(time.hours().count()), 2);
  text.append(":");
  append_padded(text, static_cast<int>(time.minutes().count()), 2);
  text.append(":");
  append_padded(text, static_cast<int>(time.seconds().count()), 2);
  text.append(".");
  constexpr int kThousand = 1000;
  append_padded(text, static_cast<int>(time.subseconds().count() / kThousand), 3);
  return text.append("Z");
}

std::string_view target_text(TargetKind kind) {
  switch (kind) {
    case TargetKind::process:
      return "process";
    case TargetKind::process_group:
      return "group of processes";
    case TargetKind::subtree:
      return "process and its descendants";
    case TargetKind::cgroup:
      return "cgroup";
    case TargetKind::unit:
      return "unit";
  }
  return "unknown";
}

bool is_group(TargetKind kind) {
  return kind == TargetKind::cgroup || kind == TargetKind::unit;
}

}  // namespace

DecisionRecord::DecisionRecord() : json_(text_) {
  // Written to, so that its memory is there.
  text_.resize(kRoom);
  text_.clear();
  // The writer remembers how deep it is; deeper than this no record goes.
  constexpr int kDepth = 8;
  for (int depth = 0; depth < kDepth; ++depth)
    json_.begin_array();
  for (int depth = 0; depth < kDepth; ++depth)
    json_.end_array();
}

std::string_view DecisionRecord::make(const Decision& decision, const Doing& doing,
                                      std::chrono::microseconds since_epoch) {
  text_.clear();
  json_.begin_object();
  json_.plain_field("schema", "oomkit.decision/1");
  json_.plain_field("time", calendar_text(since_epoch).view());
  json_.plain_field("uptime_s", seconds(decision.now));
  json_.plain_field("number", static_cast<std::int64_t>(decision.number));
  json_.plain_field("rule", shortened(decision.rule));
  json_.plain_key("scope");
  decision.scope.empty() ? json_.null() : json_.value(shortened(decision.scope));
  put_conditions(decision);
  json_.plain_key("held_back");
  decision.acts() ? json_.null() : json_.value(held_back_text(decision.held_back));
  put_actions(decision, doing);
  put_target(decision);
  json_.plain_field("freed_bytes", doing.freed_bytes);
  json_.plain_field("wanted_bytes", decision.wanted.optional());
  json_.plain_field("dry_run", doing.dry_run);
  json_.plain_field("considered", static_cast<std::int64_t>(decision.considered));
  json_.plain_field("on_a_part", decision.on_a_part);
  put_candidates(decision);
  json_.end_object();
  return text_;
}

void DecisionRecord::put_conditions(const Decision& decision) {
  json_.plain_key("conditions");
  json_.begin_array();
  for (const DecisionCondition& condition : decision.conditions) {
    if (!has_room()) break;
    json_.begin_object();
    json_.plain_field("expr", shortened(condition.expr));
    json_.plain_key("value");
    condition.known ? json_.value(condition.value) : json_.null();
    json_.plain_key("threshold");
    condition.known ? json_.value(condition.threshold) : json_.null();
    json_.plain_field("held_s", seconds(condition.held));
    json_.plain_field("holds", condition.holds);
    json_.end_object();
  }
  json_.end_array();
}

void DecisionRecord::put_actions(const Decision& decision, const Doing& doing) {
  json_.plain_key("actions");
  json_.begin_array();
  constexpr double kMillisecond = 1e6;
  const auto put = [&](std::string_view what, std::string_view result, double took_ms) {
    json_.begin_object();
    json_.plain_field("do", shortened(what));
    json_.plain_field("result", result);
    json_.plain_field("took_ms", took_ms);
    json_.end_object();
  };
  // In a dry run nothing was done, and what would have been is said.
  if (doing.actions.empty()) {
    for (const PolicyAction& action : decision.actions)
      put(action.text, doing.dry_run ? "dry run" : "withdrawn", 0);
  }
  for (const ActionOutcome& action : doing.actions)
    put(action.text, action.result.view(), static_cast<double>(action.took_ns) / kMillisecond);
  json_.end_array();
}

// Whom it is about: of many the first one by name, and how many.
void DecisionRecord::put_target(const Decision& decision) {
  json_.plain_key("target");
  if (!decision.has_target) return json_.null();
  const DecisionTarget& target = decision.target;
  json_.begin_object();
  json_.plain_field("kind", target_text(target.kind));
  json_.plain_key("pid");
  target.processes.empty() ? json_.null() : json_.value(target.processes.front().pid);
  json_.plain_field("comm", shortened(target.comm));
  json_.plain_field("processes", static_cast<std::int64_t>(target.processes.size()));
  json_.plain_field("cgroup", shortened(target.cgroup));
  json_.plain_field("unit", shortened(target.unit));
  json_.end_object();
}

void DecisionRecord::put_candidates(const Decision& decision) {
  json_.plain_key("candidates");
  json_.begin_array();
  std::size_t shown = 0;
  for (const DecisionCandidate& candidate : decision.candidates) {
    if (!has_room()) break;
    ++shown;
    json_.begin_object();
    if (is_group(candidate.kind)) {
      json_.plain_field("cgroup", shortened(candidate.cgroup));
    } else {
      json_.plain_field("pid", candidate.process.pid);
      json_.plain_field("in_cgroup", shortened(candidate.cgroup));
    }
    json_.plain_field("comm", shortened(candidate.comm));
    json_.plain_key("terms");
    json_.begin_object();
    for (const ScoreTerm& term : candidate.terms.first(std::min(candidate.terms.size(), kTermsMax)))
      json_.field(shortened(term.name), term.value);
    json_.end_object();
    json_.plain_field("preference", level_text(candidate.level));
    json_.plain_field("frees_bytes", candidate.frees.optional());
    json_.plain_key("rank");
    candidate.rank == 0 ? json_.null() : json_.value(static_cast<std::int64_t>(candidate.rank));
    json_.plain_key("excluded");
    candidate.excluded == Excluded::no ? json_.null()
                                       : json_.value(excluded_text(candidate.excluded));
    json_.end_object();
  }
  json_.end_array();
  json_.plain_field(
      "candidates_left_out",
      static_cast<std::int64_t>(decision.considered > shown ? decision.considered - shown : 0));
}

FixedText<512> decision_sentence(const Decision& decision, bool dry_run) {
  FixedText<512> text;
  if (!decision.acts()) {
    text.append("rule ").append(decision.rule).append(" holds, but nothing is done: ");
    return text.append(held_back_text(decision.held_back));
  }
  if (dry_run) text.append("dry run: ");
  text.append("rule ").append(decision.rule);
  if (decision.has_target) {
    const DecisionTarget& target = decision.target;
    const bool by_name = !is_group(target.kind) && !target.processes.empty();
    text.append(":");
    if (by_name)
      text.append(" ")
          .append(target.comm)
          .append(" (")
          .append(target.processes.front().pid)
          .append(")");
    if (by_name && target.processes.size() > 1)
      text.append(" and ").append(target.processes.size() - 1).append(" more");
    if (!target.cgroup.empty())
      text.append(is_group(target.kind) ? " cgroup " : " in ").append(target.cgroup);
  }
  for (const PolicyAction& action : decision.actions)
    text.append(&action == decision.actions.data() ? ": " : ", ").append(action.text);
  return text;
}

FixedText<512> outcome_text(const Decision& decision, const DecisionRecord::Doing& doing) {
  if (!decision.acts()) return FixedText<512>("nothing done: ", held_back_text(decision.held_back));
  if (doing.dry_run) return FixedText<512>("nothing done: dry run");
  if (doing.actions.empty()) return FixedText<512>("nothing done: it was over before we acted");
  FixedText<512> text;
  for (const ActionOutcome& action : doing.actions) {
    text.append(text.view().empty() ? "" : ", ").append(shortened(action.text));
    text.append(" ").append(action.result.view());
  }
  return text;
}

}  // namespace oomkit
