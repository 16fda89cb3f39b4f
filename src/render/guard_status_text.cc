#include <algorithm>

#include "core/size_text.h"
#include "render/escape.h"
#include "render/guard_status.h"
#include "render/paint.h"
#include "render/quantity.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kStatusIndent = 3;
constexpr std::size_t kStatusLabel = 10;
constexpr std::size_t kNumberColumn = 12;
// The loop turns once a second at least.
constexpr double kStandsStill = 10;

std::string moment_text(std::chrono::microseconds since_epoch) {
  return short_time_text(WallTime{since_epoch}) + " UTC";
}

std::string number_of_things(std::uint64_t count, std::string_view one, std::string_view many) {
  if (count == 0) return "no " + std::string(many);
  return grouped_text(count) + " " + std::string(count == 1 ? one : many);
}

std::string reading_text(const std::optional<double>& value, PolicyUnit unit) {
  return value ? value_text(*value, unit) : "unknown";
}

class StatusPage {
 public:
  StatusPage(const GuardStatus& status, std::size_t columns, bool colour)
      : status_(status), columns_(columns), paint_(colour) {}

  std::string make() {
    put_head();
    put_rules();
    put_decisions();
    return std::move(out_);
  }

 private:
  void line(std::string_view label, const std::string& text, Role role = Role::plain) {
    out_.append(kStatusIndent, ' ');
    append_left(out_, label, kStatusLabel);
    paint_.begin(out_, role);
    const std::size_t used = kStatusIndent + kStatusLabel;
    append_wrapped(out_, visible(text), columns_, used, used);
    paint_.end(out_, role);
  }

  void put_head() {
    std::string head =
        "The guard runs as process " + std::to_string(status_.pid) + " since " +
        moment_text(status_.started) + " (" +
        duration_text(std::chrono::duration<double>(status_.now - status_.started).count()) + ").";
    if (status_.dry_run) head += " It is a dry run: it decides and tells, and does nothing.";
    paint_.begin(out_, Role::strong);
    append_wrapped(out_, head, columns_, 0, 0);
    paint_.end(out_, Role::strong);
    out_ += '\n';
    put_policy();
    const bool is_still = status_.last_look_s > kStandsStill;
    line("looked",
         duration_text(status_.last_look_s) + " ago" +
             (is_still ? ": IT STANDS STILL, it should look every second" : "") +
             "; woken by time and " + status_.woken_by,
         is_still ? Role::critical : Role::plain);
    std::string helper = "process " + std::to_string(status_.helper_pid) + ", well";
    if (status_.helper_restarts > 0) {
      helper += "; had to be started again " +
                number_of_things(status_.helper_restarts, "time", "times") +
                ", the last decisions before that are not known to it";
    }
    line("helper", helper, status_.helper_restarts > 0 ? Role::warning : Role::plain);
    line("memory", memory());
    const bool is_trouble = status_.messages_lost > 0 || status_.stalls > 0;
    line("trouble",
         number_of_things(status_.messages_lost, "message", "messages") + " lost, " +
             number_of_things(status_.stalls, "stall", "stalls") + " of its loop seen",
         is_trouble ? Role::warning : Role::plain);
  }

  void put_policy() {
    std::string text =
        status_.policy + " (" + status_.policy_hash + "), read " + moment_text(status_.policy_read);
    Role role = Role::plain;
    if (!status_.policy_changed) text += "; whether its file has changed since is unknown";
    if (status_.policy_changed == false) text += "; its file is still the same";
    if (status_.policy_changed == true) {
      text += "; ITS FILE HAS CHANGED since, kill -HUP " + std::to_string(status_.pid) +
              " has the guard read it";
      role = Role::warning;
    }
    line("policy", text, role);
  }

  std::string memory() const {
    const std::string resident =
        status_.resident ? size_text(*status_.resident) + " resident" : "unknown";
    if (!status_.locked) return resident;
    if (*status_.locked == Bytes(0)) return resident + ", NOT LOCKED: it may be swapped out";
    return resident + ", locked: it is never swapped out";
  }

  void put_rules() {
    out_ += '\n';
    out_.append(kStatusIndent + 1, ' ');
    append_right(out_, "now", kNumberColumn);
    append_right(out_, "limit", kNumberColumn);
    out_ += "  rules, and what they compare (! is true)\n";
    for (const GuardRuleStatus& rule : status_.rules)
      put_rule(rule);
    if (status_.rules_left_out > 0) {
      append_wrapped(out_,
                     "There was no room to tell of " +
                         number_of_things(status_.rules_left_out, "more rule", "more rules") + ".",
                     columns_, 0, 0);
    }
  }

  void put_rule(const GuardRuleStatus& rule) {
    std::string head = rule.name + ": " + state(rule);
    if (rule.held_back != HeldBack::no) {
      head += "; held back for " + duration_text(rule.held_back_left_s.value_or(0)) + " more (" +
              std::string(held_back_text(rule.held_back)) + ")";
    }
    if (rule.decisions > 0)
      head += "; " + number_of_things(rule.decisions, "decision", "decisions") + " so far";
    const bool is_on = rule.state == RuleState::holds || rule.state == RuleState::acting;
    const Role role = is_on ? Role::critical
                      : rule.state == RuleState::waiting || rule.state == RuleState::unknown
                          ? Role::warning
                          : Role::strong;
    paint_.begin(out_, role);
    append_wrapped(out_, visible(head), columns_, kStatusIndent, 0);
    paint_.end(out_, role);
    if (rule.state == RuleState::not_judged) return;
    for (const GuardReading& reading : rule.readings) {
      if (reading.kind == ReadingKind::signal) continue;
      out_.append(kStatusIndent, ' ');
      out_ += reading.holds ? '!' : ' ';
      append_right(out_, reading_text(reading.value, reading.unit), kNumberColumn);
      append_right(out_, reading_text(reading.threshold, reading.unit), kNumberColumn);
      out_ += "  ";
      const std::size_t used = kStatusIndent + 1 + 2 * kNumberColumn + 2;
      append_wrapped(out_, visible(reading.text), columns_, used, used);
    }
  }

  static std::string state(const GuardRuleStatus& rule) {
    std::string text = state_in_words(rule);
    const bool is_of_cgroups = !rule.cgroup.empty() || rule.scope != "host";
    if (!is_of_cgroups || rule.state == RuleState::not_judged) return text;
    text +=
        " in " + grouped_text(rule.state == RuleState::holds ? rule.cgroups_holding : rule.cgroups);
    text += rule.state == RuleState::holds ? " of " + grouped_text(rule.cgroups) : "";
    return text + (rule.cgroups == 1 ? " cgroup: " : " cgroups, nearest ") + rule.cgroup;
  }

  static std::string state_in_words(const GuardRuleStatus& rule) {
    switch (rule.state) {
      case RuleState::not_judged:
        return "nothing in its scope (" + rule.scope + ") has been seen";
      case RuleState::unknown:
        return "cannot be judged, the host does not tell what it asks for";
      case RuleState::idle:
        return "idle";
      case RuleState::waiting:
        return waiting(rule);
      case RuleState::holds:
        return "IT HOLDS, for " + duration_text(rule.held_s.value_or(0));
      case RuleState::acting:
        return "IT ACTS NOW";
    }
    return "";
  }

  static std::string waiting(const GuardRuleStatus& rule) {
    for (const GuardReading& reading : rule.readings) {
      const bool is_it =
          reading.kind == ReadingKind::lasting && reading.held_s > 0 && !reading.holds;
      if (is_it)
        return "true for " + duration_text(reading.held_s) + " of the " +
               reading_text(reading.threshold, reading.unit) + " that it has to last";
    }
    return "waiting";
  }

  void put_decisions() {
    out_ += '\n';
    if (status_.last_decisions.empty()) {
      append_wrapped(out_, "Last decisions: none that the helper knows of.", columns_, 0, 0);
      return;
    }
    std::string head = "Last decisions, the newest first (" + grouped_text(status_.decisions) +
                       " to act since the policy was read";
    if (status_.withdrawn > 0)
      head += ", " + grouped_text(status_.withdrawn) + " of them withdrawn at a second look";
    append_wrapped(out_, head + "):", columns_, 0, 0);
    for (const GuardDecisionStatus& decision : status_.last_decisions) {
      const std::string time = moment_text(decision.time);
      out_.append(kStatusIndent, ' ');
      out_ += time + "  ";
      const std::size_t used = kStatusIndent + time.size() + 2;
      append_wrapped(out_, visible(decision.sentence), columns_, used, used);
      std::string result = decision.result;
      if (decision.freed) result += "; " + size_text(*decision.freed) + " came back";
      if (result.empty()) continue;
      append_paragraph(out_, visible(result), columns_, used);
    }
  }

  const GuardStatus& status_;
  std::size_t columns_;
  Paint paint_;
  std::string out_;
};

}  // namespace

std::string guard_status_text(const GuardStatus& status, std::size_t columns, bool colour) {
  return StatusPage(status, columns, colour).make();
}

}  // namespace oomkit
