// The guard's state in the text exposition format of Prometheus.
//
// Names are of base units (bytes, seconds, ratios of 1), counters end in _total. What a policy
// compares is in whatever unit it has, and a name has one unit: so there is a name for each unit,
// and the policy's own text is the label. Cgroups are no labels: a host may have thousands and
// other ones every day; of a rule of cgroups the one is told that is nearest to its limit.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "render/guard_status.h"

namespace oomkit {
namespace {

using MetricLabels = std::vector<std::pair<std::string_view, std::string_view>>;

void append_label_value(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

std::string labels_text(const MetricLabels& labels) {
  if (labels.empty()) return "";
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ',';
    text.append(name).append("=\"");
    append_label_value(text, value);
    text += '"';
  }
  return text + "}";
}

std::string metric_number(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

class MetricsPage {
 public:
  enum class Type : std::uint8_t { gauge, counter };

  void put(Type type, std::string_view name, std::string_view help, const MetricLabels& labels,
           std::optional<double> value) {
    if (!value) return;
    Family& family = family_of(type, name, help);
    std::string text = labels_text(labels);
    // A rule that says the same thing twice, or has another's name, is told once.
    if (!family.seen.insert(text).second) return;
    family.samples += family.name + text + " " + metric_number(*value) + "\n";
  }

  std::string text() const {
    std::string out;
    for (const Family& family : families_) {
      out += "# HELP " + family.name + " " + family.help + "\n";
      out += "# TYPE " + family.name + (family.type == Type::counter ? " counter\n" : " gauge\n");
      out += family.samples;
    }
    return out;
  }

 private:
  struct Family {
    Type type;
    std::string name, help;
    std::set<std::string> seen;
    std::string samples;
  };

  Family& family_of(Type type, std::string_view name, std::string_view help) {
    const std::string whole = "oomkit_guard_" + std::string(name);
    const auto found = std::find_if(families_.begin(), families_.end(),
                                    [&](const Family& family) { return family.name == whole; });
    if (found != families_.end()) return *found;
    families_.push_back({type, whole, std::string(help), {}, {}});
    return families_.back();
  }

  std::vector<Family> families_;
};

using MetricType = MetricsPage::Type;

// The end of a name, for each unit that a policy can be written in.
std::string_view unit_suffix(PolicyUnit unit) {
  if (unit.share) return "ratio";
  if (unit == kSize) return "bytes";
  if (unit == kTime) return "seconds";
  if (unit == kSizePerTime) return "bytes_per_second";
  if (unit == kPerTime) return "per_second";
  return "value";
}

std::optional<double> size_metric(const std::optional<Bytes>& size) {
  return size ? std::optional(static_cast<double>(size->count())) : std::nullopt;
}

double seconds_metric(std::chrono::microseconds time) {
  return std::chrono::duration<double>(time).count();
}

void put_process(MetricsPage& page, const GuardStatus& status) {
  const auto gauge = [&](std::string_view name, std::string_view help,
                         std::optional<double> value) {
    page.put(MetricType::gauge, name, help, {}, value);
  };
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    page.put(MetricType::counter, name, help, {}, static_cast<double>(value));
  };
  page.put(MetricType::gauge, "info", "Always 1; what the guard goes by.",
           {{"policy", status.policy}, {"policy_hash", status.policy_hash}}, 1);
  gauge("start_time_seconds", "When the guard was started, since the epoch.",
        seconds_metric(status.started));
  gauge("policy_read_time_seconds", "When the policy was read, since the epoch.",
        seconds_metric(status.policy_read));
  gauge("policy_changed", "1 if the policy's file is another one than the guard goes by.",
        status.policy_changed ? std::optional(*status.policy_changed ? 1.0 : 0.0) : std::nullopt);
  gauge("dry_run", "1 if the guard only tells what it would do.", status.dry_run ? 1 : 0);
  gauge("last_look_time_seconds", "When the guard looked last, since the epoch.",
        seconds_metric(status.now) - status.last_look_s);
  counter("looks_total", "How often the guard has looked since its policy was read.", status.turns);
  counter("decisions_total", "Decisions to act since the policy was read.", status.decisions);
  counter("withdrawn_decisions_total", "Those that a second look has withdrawn.", status.withdrawn);
  counter("lost_messages_total", "Records and sentences that could not be handed over.",
          status.messages_lost);
  counter("stalls_total", "How often the watchdog found the loop standing still.", status.stalls);
  counter("helper_restarts_total", "How often the helper had to be started again.",
          status.helper_restarts);
  gauge("resident_memory_bytes", "Resident memory of the process that kills.",
        size_metric(status.resident));
  gauge("locked_memory_bytes", "Address space of it that is locked.", size_metric(status.locked));
}

void put_rule_metrics(MetricsPage& page, const GuardRuleStatus& rule) {
  const MetricLabels of_rule = {{"rule", rule.name}, {"scope", rule.scope}};
  const bool is_known = rule.state != RuleState::unknown && rule.state != RuleState::not_judged;
  const bool holds = rule.state == RuleState::holds || rule.state == RuleState::acting;
  page.put(MetricType::gauge, "rule_holds", "1 while the rule's condition holds.", of_rule,
           is_known ? std::optional(holds ? 1.0 : 0.0) : std::nullopt);
  page.put(MetricType::gauge, "rule_held_back_seconds",
           "How long the rule may not act yet, for a cooldown or a budget.", of_rule,
           rule.held_back_left_s.value_or(0));
  page.put(MetricType::counter, "rule_decisions_total", "Decisions of the rule to act.", of_rule,
           static_cast<double>(rule.decisions));
  if (rule.scope != "host") {
    page.put(MetricType::gauge, "rule_cgroups", "Cgroups that the rule was judged in.", of_rule,
             static_cast<double>(rule.cgroups));
    page.put(MetricType::gauge, "rule_cgroups_holding", "Those in which its condition holds.",
             of_rule, static_cast<double>(rule.cgroups_holding));
  }
  for (const GuardReading& reading : rule.readings) {
    const std::string suffix(unit_suffix(reading.unit));
    if (reading.kind == ReadingKind::signal) {
      if (rule.scope != "host") continue;
      page.put(MetricType::gauge, "signal_" + suffix, "What the policy looks at, as it is now.",
               {{"signal", reading.text}}, reading.value);
      continue;
    }
    const MetricLabels of_condition = {{"rule", rule.name}, {"condition", reading.text}};
    page.put(MetricType::gauge, "condition_" + suffix, "What a comparison of a rule comes to now.",
             of_condition, reading.value);
    page.put(MetricType::gauge, "threshold_" + suffix, "What that is compared with.", of_condition,
             reading.threshold);
  }
}

}  // namespace

std::string guard_metrics(const GuardStatus& status) {
  MetricsPage page;
  put_process(page, status);
  for (const GuardRuleStatus& rule : status.rules)
    put_rule_metrics(page, rule);
  return page.text();
}

}  // namespace oomkit
