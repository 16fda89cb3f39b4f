#include "render/policy_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/size_text.h"
#include "policy/pick.h"
#include "policy/signals.h"
#include "render/escape.h"
#include "render/quantity.h"
#include "render/width.h"
#include "render/wrap.h"

namespace oomkit {
namespace {

constexpr std::size_t kPolicyIndent = 3;
constexpr std::size_t kLabel = 10;
constexpr std::size_t kVocabularyName = 22;

std::string span_text(std::chrono::milliseconds time) {
  if (time.count() < 1000) return std::to_string(time.count()) + " ms";
  return duration_text(std::chrono::duration<double>(time).count());
}

class PolicyPage {
 public:
  explicit PolicyPage(std::size_t columns) : columns_(columns) {}

  void line(std::string_view label, std::string_view text) {
    out_.append(kPolicyIndent, ' ');
    append_left(out_, label, kLabel);
    append_wrapped(out_, visible(text), columns_, kPolicyIndent + kLabel, kPolicyIndent + kLabel);
  }
  void entry(std::string_view name, std::string_view text) {
    out_.append(kPolicyIndent, ' ');
    append_left(out_, name, kVocabularyName);
    append_wrapped(out_, visible(text), columns_, kPolicyIndent + kVocabularyName,
                   kPolicyIndent + kVocabularyName);
  }
  void title(std::string_view text) {
    if (!out_.empty()) out_ += '\n';
    append_visible(out_, text);
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  std::size_t columns_;
  std::string out_;
};

std::string scope_text(const PolicyScope& scope) {
  switch (scope.kind) {
    case PolicyScope::Kind::host:
      return "the host";
    case PolicyScope::Kind::limited:
      return "each cgroup with memory.high or memory.max below the host's RAM, by itself";
    case PolicyScope::Kind::container:
      return "the root that is visible here, if it has a limit: inside a container";
    case PolicyScope::Kind::cgroups:
      break;
  }
  std::string text = "each cgroup by itself that fits ";
  for (const std::string& glob : scope.globs)
    text += (glob == scope.globs.front() ? "" : " or ") + glob;
  return text;
}

std::string order_text(const RankSum& sum) {
  std::string text;
  for (const auto& [weight, ranker] : sum.terms) {
    if (!text.empty()) text += " + ";
    if (weight != 1) text += value_text(weight, kNumber) + " x ";
    text += ranker_entry(ranker).about;
  }
  return text;
}

std::string pick_text(const PolicyPick& pick) {
  if (pick.descent) {
    return "whoever set the largest record of memory use: from the scope downwards the cgroup that "
           "grew most, in it the process, the family of processes or all of the cgroup, whichever "
           "accounts for half of it. Nobody, if none grew by 2 % of what the scope may use";
  }
  static constexpr std::array<std::string_view, 5> kKinds = {
      "the process", "the process group of the process", "the family of the process", "the cgroup",
      "the unit"};
  std::string text(kKinds.at(static_cast<std::size_t>(pick.kind)));
  if (pick.recursive) text += ", at each level from the scope downwards,";
  text += " that comes first by " + order_text(pick.order.front());
  for (std::size_t i = 1; i < pick.order.size(); ++i)
    text += "; where equal, by " + order_text(pick.order[i]);
  return text;
}

std::string command_text(const PolicyAction& action) {
  std::string text;
  for (const std::string& word : action.command)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string action_text(const PolicyAction& action) {
  using Kind = PolicyAction::Kind;
  const std::string wait =
      action.wait.count() > 0 ? ", then wait up to " + span_text(action.wait) : "";
  switch (action.kind) {
    case Kind::log:
      return "write the decision down";
    case Kind::notify:
      return "tell the desktop";
    case Kind::warn:
      return "warn programs that listen for low memory (level " + std::to_string(action.level) +
             ")";
    case Kind::hook:
      return "run " + command_text(action) + " and wait for it up to " + span_text(action.wait);
    case Kind::exec:
      return "run " + command_text(action);
    case Kind::reclaim:
      return "reclaim " + size_text(action.amount.value_or(Bytes(0))) + " from its cgroup";
    case Kind::memory_high:
      return "set memory.high of its cgroup to " +
             (action.amount ? size_text(*action.amount) : std::string("max"));
    case Kind::freeze:
      return "freeze it";
    case Kind::thaw:
      return "thaw it";
    case Kind::signal:
      return "send signal " + std::to_string(action.signal) +
             (action.signal == 15 ? " (SIGTERM)" : "") + wait;
    case Kind::kill:
      return "kill it (SIGKILL)" + wait;
    case Kind::reap:
      return "take its memory back at once (process_mrelease)";
    case Kind::sysrq_oom:
      return "ask the kernel to choose and kill (sysrq f)";
    case Kind::restart:
      return "restart " + (action.command.empty() ? std::string("its unit") : command_text(action));
  }
  return "";
}

std::string match_text(const PolicyMatch& match) {
  static constexpr std::array<std::string_view, 6> kFields = {"name", "command line", "executable",
                                                              "user", "cgroup",       "unit"};
  std::string text;
  for (const auto& [field, pattern] : match.patterns) {
    if (!text.empty()) text += " and ";
    text += std::string(kFields.at(static_cast<std::size_t>(field))) + " matches " + pattern.text();
  }
  if (match.oom_score_adj_min) {
    if (!text.empty()) text += " and ";
    text += "oom_score_adj is at least " + std::to_string(*match.oom_score_adj_min);
  }
  if (match.oom_score_adj_max) {
    if (!text.empty()) text += " and ";
    text += "oom_score_adj is at most " + std::to_string(*match.oom_score_adj_max);
  }
  return text;
}

// The signals that a condition speaks of, each with what it is.
void append_signals(PolicyPage& page, const Program& when) {
  std::vector<Signal> told;
  for (const ProgramNode& node : when.nodes()) {
    if (node.op != Op::signal) continue;
    const SignalEntry& entry = signal_entry(node.signal);
    const std::string_view text = std::string_view(when.source()).substr(node.begin, node.length);
    const bool named = text == entry.name;
    if (!named || std::find(told.begin(), told.end(), node.signal) != told.end()) continue;
    told.push_back(node.signal);
    page.line("", std::string(entry.name) + ": " + std::string(entry.about));
  }
}

void append_rule(PolicyPage& page, const PolicyRule& rule, std::size_t number) {
  page.title(std::to_string(number) + "  " + rule.name);
  page.line("looks at", scope_text(rule.scope));
  page.line("when", rule.when.source());
  append_signals(page, rule.when);
  if (rule.if_unknown) page.line("", "and also when that cannot be judged");
  if (rule.pick) page.line("picks", pick_text(*rule.pick));
  if (rule.from.scope_itself) page.line("from", "the scope's cgroup as a whole");
  if (!rule.from.globs.empty()) page.line("from", rule.from.text);
  if (!rule.only.empty()) page.line("only if", match_text(rule.only));
  if (!rule.except.empty()) page.line("not if", match_text(rule.except));
  std::string actions;
  for (const PolicyAction& action : rule.actions)
    actions += (actions.empty() ? "" : "; ") + action_text(action);
  page.line("does", actions);
  if (rule.destructive && rule.recheck)
    page.line("", "if the condition still holds right before it");
  if (rule.cooldown.count() > 0) page.line("then", "not again for " + span_text(rule.cooldown));
}

std::string settings_text(const PolicySettings& settings) {
  std::string text = "It looks every " + span_text(settings.tick_min) + " to " +
                     span_text(settings.tick_max) + ", the more often the nearer the end. ";
  text += "After a kill it waits " + span_text(settings.cooldown) + " before another, and " +
          span_text(settings.target_cooldown) +
          " before the same target; after a kill of the kernel " +
          span_text(settings.after_kernel_kill) + ". ";
  if (settings.budget > 0) {
    text += "At most " + std::to_string(settings.budget) + " kills in " +
            span_text(settings.budget_window) + ". ";
  }
  text += "Never killed: init, kernel threads, oom_score_adj -1000, the guard itself. ";
  if (settings.honor_oom_group) text += "A cgroup with memory.oom.group dies whole. ";
  if (settings.honor_wishes)
    text += "Cgroups may ask to be preferred, avoided or left out (user.oomd_* attributes). ";
  if (settings.dry_run) text += "It is a dry run: nothing is done. ";
  text.pop_back();
  return text;
}

}  // namespace

std::string policy_text(const Policy& policy, std::string_view name, std::size_t columns) {
  PolicyPage page(columns);
  const std::size_t rules = policy.rules.size();
  page.title(std::string(name) + ": " + std::to_string(rules) + (rules == 1 ? " rule" : " rules") +
             ", nothing is wrong with it");
  for (std::size_t i = 0; i < rules; ++i)
    append_rule(page, policy.rules[i], i + 1);
  if (!policy.preferences.empty()) page.title("Preferences");
  for (const Preference& preference : policy.preferences) {
    std::string text = match_text(preference.match);
    if (preference.points != 0) text += " (" + value_text(preference.points, kNumber) + " points)";
    page.line(level_text(preference.level), text);
  }
  page.title("In general");
  page.line("", settings_text(policy.settings));
  return page.take();
}

std::string policy_vocabulary_text(std::size_t columns) {
  PolicyPage page(columns);
  page.title("Signals");
  for (const SignalEntry& entry : signal_table()) {
    std::string text(entry.about);
    if (entry.counter) text += "; counts since boot: rate() of it";
    if (entry.cgroup) text += "; where a rule has a scope of cgroups";
    page.entry(entry.name, text);
  }
  page.title("Functions");
  static constexpr std::array<std::array<std::string_view, 2>, 12> kFunctionTexts = {{
      {"psi(R, K, W)",
       "pressure: memory, io or cpu; some or full; avg10, avg60, avg300, a time, or tick"},
      {"host.psi(R, K, W)", "the same of the host, in whatever scope"},
      {"growth(T)", "the largest record growth of a cgroup in the scope within 2, 4, ... 64 s"},
      {"rate(X, T)", "how fast a counter counts, per second"},
      {"slope(X, T)", "how fast something changes, per second"},
      {"rising(X, T)", "the slope, 0 while it falls"},
      {"falling(X, T)", "how fast it falls, 0 while it rises"},
      {"eta(X, T)", "the time until it is 0; unknown while it does not fall"},
      {"min(X, Y), max(X, Y)", "the smaller, the larger"},
      {"abs(X)", "without its sign"},
      {"known(X)", "whether the host tells it"},
      {"accumulate(X, while C)",
       "adds X up over time, never below 0; what adds counts only while C"},
  }};
  for (const auto& [name, about] : kFunctionTexts)
    page.entry(name, about);
  page.title("What candidates are ranked by");
  for (const RankerEntry& entry : ranker_table()) {
    const std::string_view of = entry.of_processes && entry.of_cgroups ? ""
                                : entry.of_processes                   ? " (processes)"
                                                                       : " (cgroups)";
    page.entry(entry.name, std::string(entry.about) + std::string(of));
  }
  return page.take();
}

}  // namespace oomkit
