#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/diagnostic.h"
#include "policy/expression.h"
#include "policy/pick.h"
#include "policy/policy_tables.h"
#include "policy/text_place.h"
#include "policy/words.h"

namespace oomkit {
namespace {

constexpr std::size_t kGlobBytesMax = 1024;

class RuleReader {
 public:
  RuleReader(std::string_view source, const toml::table& table, std::size_t index,
             ParsedPolicy& parsed)
      : source_(source),
        table_(table),
        parsed_(parsed),
        reader_(table, "[[rule]] " + std::to_string(index + 1), parsed.diagnostics) {}

  void read() {
    rule_.line = table_.source().begin.line;
    if (auto name = reader_.text("name")) {
      rule_.name = *name;
      reader_.rename("[[rule]] " + rule_.name);
      for (const PolicyRule& other : parsed_.policy.rules) {
        if (other.name == rule_.name)
          reader_.refuse("name", "two rules are called \"" + rule_.name + "\"");
      }
    } else if (!reader_.has("name")) {
      reader_.refuse_here(reader_.where() + " has no name", "name = \"emergency\"");
    }
    reader_.text("about");
    scope();
    unknown();
    condition();
    pick();
    from();
    actions();
    if (const auto time = reader_.duration("cooldown")) rule_.cooldown = *time;
    if (const auto flag = reader_.flag("recheck")) rule_.recheck = *flag;
    rule_.only = read_policy_match(source_, reader_, "only", reader_.where() + " only", parsed_);
    rule_.except =
        read_policy_match(source_, reader_, "except", reader_.where() + " except", parsed_);
    reader_.finish();
    parsed_.policy.rules.push_back(std::move(rule_));
  }

 private:
  void refuse_in(std::string_view key, const ExpressionError& error) {
    refuse_at(table_.get(key)->source(), key, error);
  }
  void refuse_at(const toml::source_region& region, std::string_view key,
                 const ExpressionError& error) {
    Diagnostic wrong = place_in_text(source_, region, error.offset, error.length);
    wrong.message = reader_.where() + ": " + std::string(key) + ": " + error.message;
    wrong.hint = error.hint;
    parsed_.diagnostics.push_back(std::move(wrong));
  }

  void scope() {
    const auto text = reader_.text("scope");
    if (!text) return;
    PolicyScope& scope = rule_.scope;
    scope.text = *text;
    const auto words = policy_words(*text);
    const std::string_view first = words.empty() ? "" : words.front().text;
    using Kind = PolicyScope::Kind;
    if (*text == "host") return;
    if (*text == "limited cgroups") {
      scope.kind = Kind::limited;
    } else if (*text == "container") {
      scope.kind = Kind::container;
    } else if (*text == "user") {
      scope.kind = Kind::cgroups;
      scope.globs = {"/user.slice/user-*.slice"};
    } else if (*text == "pod") {
      scope.kind = Kind::cgroups;
      scope.globs = {"/kubepods*/pod*", "/kubepods*/**/*pod*.slice", "/kubepods*/*/pod*"};
    } else if (first == "cgroup" && words.size() > 1) {
      scope.kind = Kind::cgroups;
      globs("scope", words, scope.globs);
    } else {
      reader_.refuse("scope", reader_.where() + ": unknown scope \"" + *text + "\"",
                     "host, limited cgroups, container, user, pod, or cgroup /system.slice/*");
    }
  }

  // All behind the first word.
  void globs(std::string_view key, const std::vector<PolicyWord>& words,
             std::vector<std::string>& globs) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const PolicyWord& word = words[i];
      std::string_view text = word.text;
      if (!text.empty() && text.back() == ',') text.remove_suffix(1);
      if (text.empty() || text.front() != '/' || text.size() > kGlobBytesMax) {
        return refuse_in(key, {word.offset, word.text.size(), "a cgroup's path begins with /",
                               "as in cgroup /system.slice/*"});
      }
      globs.emplace_back(text);
    }
  }

  void from() {
    const auto text = reader_.text("from");
    if (!text) return;
    rule_.from.text = *text;
    const auto words = policy_words(*text);
    if (*text == "scope") {
      rule_.from.scope_itself = true;
      if (rule_.scope.kind == PolicyScope::Kind::host)
        reader_.refuse("from", reader_.where() + ": the host is no cgroup that can be picked",
                       "scope = \"cgroup /system.slice/*\"");
    } else if (words.size() > 1 && words.front().text == "cgroup") {
      globs("from", words, rule_.from.globs);
    } else {
      return reader_.refuse("from", reader_.where() + ": from where?",
                            "scope (its cgroup as a whole), or cgroup /system.slice/*");
    }
    if (!rule_.pick || rule_.pick->descent)
      reader_.refuse("from", reader_.where() + ": only what is ranked is taken from somewhere",
                     "pick = \"cgroup by excess\"");
  }

  void unknown() {
    const auto text = reader_.text("unknown");
    if (!text || *text == "skip") return;
    rule_.if_unknown = *text == "act";
    if (!rule_.if_unknown) {
      reader_.refuse("unknown", reader_.where() + ": unknown value \"" + *text + "\"",
                     "skip (the rule does not hold) or act (it does)");
    }
  }

  void condition() {
    const auto text = reader_.text("when");
    const auto lasting = reader_.duration("for");
    const auto within = reader_.duration("within");
    if (!text) {
      if (!reader_.has("when"))
        reader_.refuse_here(reader_.where() + " has no condition", "when = \"mem.available < 5%\"");
      return;
    }
    const bool in_cgroup = rule_.scope.kind != PolicyScope::Kind::host;
    auto compiled = compile_expression(*text, in_cgroup);
    if (!compiled) return refuse_in("when", compiled.error());
    // The keys say the same as the words in the condition, of all of it.
    if (lasting || within) {
      const auto suffix = [](std::string_view word, std::chrono::milliseconds time) {
        return ") " + std::string(word) + " " + std::to_string(time.count()) + "ms";
      };
      std::string all = *text;
      if (lasting) all = "(" + all + suffix("for", *lasting);
      if (within) all = "(" + all + suffix("within", *within);
      compiled = compile_expression(all, in_cgroup);
      if (!compiled) return refuse_in("when", compiled.error());
    }
    rule_.when = *std::move(compiled);
  }

  void pick() {
    const auto text = reader_.text("pick");
    if (!text) return;
    auto pick = parse_pick(*text);
    if (!pick) return refuse_in("pick", pick.error());
    rule_.pick = *std::move(pick);
  }

  void actions() {
    const auto texts = reader_.texts("do");
    if (!texts) {
      if (!reader_.has("do"))
        reader_.refuse_here(reader_.where() + " does nothing", "do = [\"kill\", \"reap\"]");
      return;
    }
    for (std::size_t i = 0; i < texts->size(); ++i) {
      auto action = parse_action((*texts)[i]);
      if (action) {
        rule_.actions.push_back(*std::move(action));
      } else {
        refuse_at(table_.get("do")->as_array()->get(i)->source(), "do", action.error());
      }
    }
    check_actions();
  }

  void check_actions() {
    bool targeted = false;
    for (const PolicyAction& action : rule_.actions) {
      targeted = targeted || needs_target(action.kind);
      rule_.destructive = rule_.destructive || is_destructive(action.kind);
      rule_.kills = rule_.kills || action.kind == PolicyAction::Kind::kill;
      const bool of_cgroup = action.kind == PolicyAction::Kind::kill && action.text != "kill" &&
                             action.text.starts_with("cgroup.kill");
      if (of_cgroup && rule_.pick && rule_.pick->kind != TargetKind::cgroup &&
          rule_.pick->kind != TargetKind::unit) {
        reader_.refuse("do", reader_.where() + ": cgroup.kill is for cgroups",
                       "pick = \"cgroup by ...\"; \"kill\" ends whatever is picked");
      }
    }
    if (targeted && !reader_.has("pick") && rule_.scope.kind == PolicyScope::Kind::host)
      reader_.refuse("do", reader_.where() + ": whom?", "pick = \"culprit\"");
    if (reader_.texts("do")->empty())
      reader_.refuse("do", reader_.where() + " does nothing", "do = [\"kill\", \"reap\"]");
  }

  std::string_view source_;
  const toml::table& table_;
  ParsedPolicy& parsed_;
  TableReader reader_;
  PolicyRule rule_;
};

void add_match_needs(const PolicyMatch& match, TickNeeds& needs) {
  for (const auto& [field, pattern] : match.patterns) {
    needs.cmdline = needs.cmdline || field == MatchField::cmdline;
    needs.exe = needs.exe || field == MatchField::exe;
    needs.users = needs.users || field == MatchField::user;
    needs.cgroups = needs.cgroups || field == MatchField::cgroup || field == MatchField::unit;
  }
}

void add_signal_needs(const ProgramNode& node, bool in_cgroup, TickNeeds& needs) {
  if (node.op == Op::pressure_average || node.op == Op::pressure_window) {
    const bool io = node.pressure.resource == Resource::io;
    needs.pressure_cpu = needs.pressure_cpu || node.pressure.resource == Resource::cpu;
    needs.pressure_io = needs.pressure_io || (io && node.pressure.host);
    needs.cgroup_io_pressure = needs.cgroup_io_pressure || (io && !node.pressure.host && in_cgroup);
  }
  if (node.op == Op::growth) needs.cgroups = true;
  if (node.op != Op::signal) return;
  const Signal signal = node.signal;
  needs.zram = needs.zram || (signal >= Signal::zram_original && signal <= Signal::zram_limit);
  needs.arc = needs.arc || signal == Signal::arc_reclaimable;
  needs.watermarks =
      needs.watermarks || (signal >= Signal::watermark_min && signal <= Signal::watermark_high);
  needs.vmstat = needs.vmstat || (signal >= Signal::pgscan_kswapd && signal <= Signal::oom_kill);
}

}  // namespace

void read_policy_rule(std::string_view source, const toml::table& table, std::size_t index,
                      ParsedPolicy& parsed) {
  RuleReader(source, table, index, parsed).read();
}

TickNeeds needs_of(const Policy& policy) {
  TickNeeds needs;
  // MemAvailable does not know what ZFS gives back; a pause follows the kernel's own kills.
  needs.arc = true;
  needs.vmstat = policy.settings.after_kernel_kill.count() > 0;
  for (const PolicyRule& rule : policy.rules) {
    const bool in_cgroup = rule.scope.kind != PolicyScope::Kind::host;
    needs.cgroups = needs.cgroups || in_cgroup;
    for (const ProgramNode& node : rule.when.nodes())
      add_signal_needs(node, in_cgroup, needs);
    add_match_needs(rule.only, needs);
    add_match_needs(rule.except, needs);
    if (!rule.pick) continue;
    needs.processes = true;
    needs.cgroups = needs.cgroups || !rule.from.empty();
    const bool processes =
        rule.pick->kind == TargetKind::process || rule.pick->kind == TargetKind::process_group;
    needs.cgroups = needs.cgroups || rule.pick->descent || !processes;
  }
  for (const Preference& preference : policy.preferences)
    add_match_needs(preference.match, needs);
  needs.wishes = policy.settings.honor_wishes && needs.cgroups;
  needs.cgroups = needs.cgroups || (policy.settings.honor_oom_group && needs.processes);
  return needs;
}

}  // namespace oomkit
