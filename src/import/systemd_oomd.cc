// systemd-oomd: swap of the host above a limit, or pressure of chosen units for a while; and its
// rule files.
#include <algorithm>
#include <map>
#include <utility>

#include "import/draft.h"
#include "import/import_text.h"
#include "import/importers.h"
#include "import/unit_files.h"

namespace oomkit {
namespace {

std::string glob_pattern(std::string_view glob) {
  std::string pattern = "^";
  while (!glob.empty()) {
    if (glob.starts_with("**")) {
      pattern += ".*";
      glob.remove_prefix(1);
    } else if (glob.front() == '*' || glob.front() == '?') {
      pattern += glob.front() == '*' ? "[^/]*" : "[^/]";
    } else {
      pattern += quoted_pattern(glob.substr(0, 1));
    }
    glob.remove_prefix(1);
  }
  return pattern + "(/|$)";
}

class SystemdPolicy {
 public:
  SystemdPolicy(const SystemdOomd& config, ImportDraft& draft) : config_(config), draft_(draft) {}

  void write() {
    habits();
    engine_settings();
    swap_rules();
    pressure_rules();
    for (const auto& [name, unit] : config_.units)
      unit_rules(name, unit);
    preferences();
    if (config_.hook_timeout_s && config_.hook_timeout_s->value > 0)
      draft_.note(config_.hook_timeout_s->source, config_.hook_timeout_s->line,
                  "PrekillHookTimeoutSec", "hooks are programs here, not sockets of varlink",
                  "\"hook /PATH timeout 2s\" before \"kill\"");
    draft_.finish();
  }

 private:
  void habits() {
    draft_.habit(
        "Kept: the limit for swap holds for memory and swap both; candidates are leaves or have "
        "memory.oom.group; who asks to be avoided or omitted is heard if root or the owner of the "
        "watched cgroup asks, which for swap is root alone.");
    draft_.habit(
        "Kept: 15 s pass after a kill. Mended: also after one for swap, where systemd-oomd waits "
        "for nothing and kills again before the memory is back.");
    draft_.habit(
        "Mended: a cgroup's wish also holds for those below it. Its reason to kill is a decision "
        "record; the unit's Result=oom-kill and the D-Bus signal Killed are systemd-oomd's alone.");
  }

  void engine_settings() {
    draft_.setting("tick", "[\"150ms\", \"1s\"]");
    draft_.setting("cooldown", "\"15s\"");
    draft_.setting("target_cooldown", "\"0s\"");
    draft_.setting("after_kernel_kill", "\"0s\"");
  }

  void swap_rules() {
    std::string pattern;
    std::vector<std::string> globs;
    bool is_root = false;
    for (const auto& [name, unit] : config_.units) {
      if (!unit.swap || !unit.swap->value) continue;
      globs.push_back(unit_cgroup(name, unit));
      is_root = is_root || globs.back() == "/";
      pattern += (pattern.empty() ? "" : "|") + glob_pattern(globs.back());
    }
    if (globs.empty()) return;
    DraftRule rule;
    rule.name = "swap";
    const std::string limit = import_number_text(config_.swap_percent) + "%";
    rule.when = "mem.used > " + limit + " and swap.used > " + limit;
    rule.pick = "cgroup by swap at least 5% of swap.total";
    rule.actions = {"kill", "reap"};
    if (is_root) return draft_.rule(std::move(rule));
    constexpr std::size_t kPatternMost = 400;
    if (pattern.size() <= kPatternMost) {
      rule.only = {"cgroup", pattern};
      return draft_.rule(std::move(rule));
    }
    // Longer than a pattern may be: each by itself, the first that has swap.
    for (const std::string& glob : globs) {
      rule.comments = {"Units are looked at in turn; systemd-oomd compares them all."};
      rule.only = {"cgroup", glob_pattern(glob)};
      if (draft_.accepts_pattern(0, 0, glob, rule.only->pattern)) draft_.rule(rule);
    }
  }

  // Units with the same limits are one rule.
  void pressure_rules() {
    std::map<std::pair<double, double>, std::vector<std::string>> by_limits;
    for (const auto& [name, unit] : config_.units) {
      if (!unit.pressure || !unit.pressure->value) continue;
      const double own = unit.limit_percent ? unit.limit_percent->value : 0;
      const double limit = own > 0 ? own : config_.pressure_percent;
      const double lasting = unit.duration_s ? unit.duration_s->value : config_.duration_s;
      by_limits[{limit, lasting}].push_back(unit_cgroup(name, unit));
    }
    for (const auto& [limits, globs] : by_limits) {
      std::string scope;
      for (const std::string& glob : globs) {
        if (glob == "/") {
          pressure_rule(limits, "");
        } else {
          scope += " " + glob;
        }
      }
      if (!scope.empty()) pressure_rule(limits, "cgroup" + scope);
    }
  }

  void pressure_rule(std::pair<double, double> limits, const std::string& scope) {
    DraftRule rule;
    rule.name = "pressure";
    rule.scope = scope;
    const char* const reclaim = scope.empty()
                                    ? "(rate(pgscan.kswapd, 1s) + rate(pgscan.direct, 1s) > 0/s)"
                                    : "(rate(cg.pgscan, 1s) > 0/s)";
    rule.when = "(psi(memory, full, avg10) > " + import_number_text(limits.first) + "%)" +
                import_lasting_text(limits.second) + " and " + reclaim + " within 30s";
    rule.pick = "cgroup by pgscan, then size";
    rule.actions = {"kill", "reap"};
    draft_.rule(std::move(rule));
  }

  void unit_rules(const std::string& name, const OomdUnit& unit) {
    for (const UnitValue<std::string>& wanted : unit.rules) {
      const auto found = config_.rules.find(wanted.value);
      if (found == config_.rules.end()) {
        draft_.note(wanted.source, wanted.line, "OOMRules=" + wanted.value,
                    "there is no " + wanted.value + ".oomrule among the files", "");
        continue;
      }
      unit_rule(name, unit, wanted, found->second);
    }
  }

  void unit_rule(const std::string& name, const OomdUnit& unit,
                 const UnitValue<std::string>& wanted, const OomdRule& what) {
    DraftRule rule;
    rule.name = wanted.value + " of " + name;
    const std::string glob = unit_cgroup(name, unit);
    if (glob != "/") rule.scope = "cgroup " + glob;
    if (what.pressure_percent)
      rule.when = "psi(memory, full, avg10) > " + import_number_text(*what.pressure_percent) + "%";
    if (what.swap_percent)
      rule.when += (rule.when.empty() ? "" : " and ") + std::string("swap.used > ") +
                   import_number_text(*what.swap_percent) + "%";
    if (rule.when.empty()) {
      return draft_.note(what.source, 0, wanted.value + ".oomrule",
                         "it has no condition, so it would kill at once", "");
    }
    if (what.lasting_s > 0) rule.when = "(" + rule.when + ")" + import_lasting_text(what.lasting_s);
    rule.pick = "cgroup by pgscan, then size";
    if (what.action == "kill-by-swap") rule.pick = "cgroup by swap";
    if (what.action == "kill-all") {
      if (rule.scope.empty())
        return draft_.note(wanted.source, wanted.line, "kill-all of " + name,
                           "it would end everything there is", "Action=kill-by-pgscan");
      rule.pick = "cgroup by size";
      rule.from = "scope";
    }
    rule.actions = {"kill", "reap"};
    draft_.rule(std::move(rule));
  }

  // systemd marks the cgroups, which is heeded; whoever has only the file gets the same.
  void preferences() {
    for (const auto& [name, unit] : config_.units) {
      if (!unit.preference || unit.preference->value.empty() || unit.preference->value == "none")
        continue;
      DraftPreference preference;
      preference.comment = "ManagedOOMPreference=" + unit.preference->value + " of " + name +
                           "; its cgroup bears the mark as well.";
      preference.match = {"cgroup", glob_pattern(unit_cgroup(name, unit))};
      preference.level = unit.preference->value == "avoid" ? "avoid" : "never";
      if (draft_.accepts_pattern(unit.preference->source, unit.preference->line, name,
                                 preference.match.pattern))
        draft_.preference(std::move(preference));
    }
  }

  const SystemdOomd& config_;
  ImportDraft& draft_;
};

}  // namespace

void import_systemd_oomd(std::span<const ImportSource> sources, Imported& imported) {
  const SystemdOomd config = SystemdOomd::read(sources, imported.errors);
  if (!imported.errors.empty()) return;
  std::string names;
  constexpr std::size_t kNamesShown = 20;
  for (std::size_t i = 0; i < sources.size() && i < kNamesShown; ++i)
    names += (i == 0 ? "" : ", ") + sources[i].name;
  if (sources.size() > kNamesShown) names += " ...";
  ImportDraft draft("Imported from " + names + " of systemd-oomd.", sources, imported);
  SystemdPolicy(config, draft).write();
}

}  // namespace oomkit
