// oomd: rulesets, each "one of these groups of detectors holds, so do these actions in turn".
#include <algorithm>
#include <set>
#include <utility>

#include "import/draft.h"
#include "import/import_text.h"
#include "import/importers.h"
#include "import/oomd_condition.h"
#include "import/oomd_config.h"

namespace oomkit {
namespace {

constexpr std::size_t kLongCondition = 2000;

bool is_kill(const OomdPlugin& action) {
  return action.name.starts_with("kill_by_");
}

class OomdPolicy {
 public:
  OomdPolicy(const OomdConfig& config, ImportDraft& draft) : config_(config), draft_(draft) {}

  void write() {
    is_dry_ = all_dry();
    if (config_.hooks_line)
      draft_.note(0, *config_.hooks_line, "prekill_hooks", "they are compiled into oomd",
                  "\"hook /PATH\" before \"kill\"");
    for (const OomdRuleset& ruleset : config_.rulesets)
      write_ruleset(ruleset);
    habits();
    engine_settings();
    draft_.finish();
  }

 private:
  bool all_dry() const {
    bool any = false;
    for (const OomdRuleset& ruleset : config_.rulesets) {
      for (const OomdPlugin& action : ruleset.actions) {
        if (is_kill(action) && !action.flag("dry", false)) return false;
        any = any || is_kill(action);
      }
    }
    return any;
  }

  void habits() {
    draft_.habit(
        "Kept: a ruleset's actions are tried in turn until one kills, so each is a rule with the "
        "same condition. Bare sizes are MiB. Of several cgroups the one with the largest pressure "
        "counts in oomd; here each is judged by itself.");
    draft_.habit(
        "Mended: the pause after a kill holds for all rulesets, not for the one alone; percents "
        "of swap and growth ratios are numbers with a fraction (oomd cuts them off).");
  }

  void engine_settings() {
    draft_.setting("tick", "[\"100ms\", \"1s\"]");
    draft_.setting("cooldown", "\"" + import_time_text(delay_s_) + "\"");
    draft_.setting("target_cooldown", "\"0s\"");
    draft_.setting("after_kernel_kill", "\"0s\"");
    if (is_dry_) draft_.setting("dry_run", "true");
  }

  void write_ruleset(const OomdRuleset& ruleset) {
    bool is_of_cgroup = false;
    for (const auto& [key, line] : ruleset.other_keys) {
      const bool decides = key == "cgroup" || key == "xattr_filter";
      is_of_cgroup = is_of_cgroup || decides;
      draft_.note(0, line, "\"" + key + "\" of ruleset " + ruleset.name,
                  decides                 ? "rulesets for each of some cgroups are left out whole"
                  : key == "silence-logs" ? "it is about oomd's own words"
                  : key == "drop-in"      ? "this is the configuration without drop-ins"
                                          : "a hook has a time of its own",
                  decides                         ? "scope = \"cgroup /...\""
                  : key == "prekill_hook_timeout" ? "\"hook /PATH timeout 5s\""
                                                  : "");
    }
    if (is_of_cgroup) return;
    std::vector<OomdCondition> conditions;
    for (const OomdGroup& group : ruleset.groups) {
      const bool never =
          std::any_of(group.detectors.begin(), group.detectors.end(),
                      [](const OomdPlugin& detector) { return detector.name == "stop"; });
      if (never) continue;
      if (auto condition = oomd_condition(group, draft_)) add(conditions, *std::move(condition));
    }
    for (const OomdPlugin& action : ruleset.actions) {
      if (action.name == "stop" || draft_.is_full()) break;
      for (const OomdCondition& condition : conditions)
        write_action(ruleset, action, condition);
    }
  }

  // Groups that are judged in the same cgroups are one condition.
  static void add(std::vector<OomdCondition>& conditions, OomdCondition condition) {
    for (OomdCondition& other : conditions) {
      if (other.scope != condition.scope || other.when.size() > kLongCondition) continue;
      other.when = "(" + other.when + ") or (" + condition.when + ")";
      return;
    }
    conditions.push_back(std::move(condition));
  }

  void write_action(const OomdRuleset& ruleset, const OomdPlugin& action,
                    const OomdCondition& condition) {
    DraftRule rule;
    rule.comments = {"line " + std::to_string(action.line) + ": " + action.name};
    rule.name = ruleset.name;
    rule.scope = condition.scope;
    rule.when = condition.when;
    const double delay = import_number(action.argument("post_action_delay", ""))
                             .value_or(ruleset.post_action_delay_s);
    rule.cooldown_s = delay;
    if (is_kill(action)) {
      if (!write_kill(action, rule)) return;
    } else if (action.name == "systemd_restart") {
      const std::string service = action.argument("service", "");
      if (service.empty() || service.find_first_of(" \t\r\n") != std::string::npos)
        return draft_.note(0, action.line, "systemd_restart", "this is no unit's name", "");
      rule.actions = {action.flag("dry", false) ? "log" : "restart " + service};
    } else {
      return cannot(action);
    }
    delay_s_ = std::max(delay_s_, delay);
    draft_.rule(std::move(rule));
  }

  void cannot(const OomdPlugin& action) {
    if (action.name == "continue" || !told_.insert(action.line).second) return;
    if (action.name == "dump_cgroup_overview")
      return draft_.note(0, action.line, action.name, "it only prints",
                         "decision records tell each candidate with its terms");
    if (action.name == "senpai")
      return draft_.note(0, action.line, action.name,
                         "it steers memory.high all the time and is a program of its own",
                         "\"reclaim 500M\" or \"memory.high 1G\" in a rule");
    draft_.note(
        0, action.line, action.name,
        action.is_known ? "there is no such action" : "it is no plugin that comes with oomd",
        action.name == "kernel_panic" ? "\"sysrq f\"" : "\"exec /PATH\"");
  }

  bool write_kill(const OomdPlugin& action, DraftRule& rule) {
    const auto from = oomd_cgroups(action, draft_);
    if (!from) return false;
    const std::string order = order_of(action);
    if (order.empty()) return false;
    rule.pick = "cgroup by " + order + (action.flag("recursive", false) ? " recursive" : "");
    rule.from = from->empty() ? "cgroup /" : *from;
    rule.actions = {"kill"};
    if (action.flag("reap_memory", true)) rule.actions.emplace_back("reap");
    if (action.flag("dry", false) && !is_dry_) rule.actions = {"log"};
    if (action.flag("always_continue", false) && told_.insert(action.line).second)
      draft_.note(0, action.line, "always_continue", "after a kill the others of a ruleset wait",
                  "");
    return true;
  }

  // Empty, and a note, if there is no such order.
  std::string order_of(const OomdPlugin& action) {
    const bool is_first = told_.insert(action.line).second;
    const auto note = [&](const char* why, const char* instead) {
      if (is_first) draft_.note(0, action.line, action.name, why, instead);
    };
    if (action.name == "kill_by_memory_size_or_growth") {
      note(
          "ranked by use above protection alone; where no cgroup has half of all, oomd takes the "
          "one whose use grew most against its average",
          "pick = \"cgroup by growth, then excess\"");
      return "excess";
    }
    if (action.name == "kill_by_swap_usage") {
      if (action.flag("biased_swap_kill", false))
        note("biased_swap_kill: swap is ranked without its protection", "");
      const auto least = oomd_size(action.argument("threshold", "1"), "swap.total");
      const bool is_one = least && least->find('+') == std::string::npos;
      if (!is_one) note("its threshold cannot be said; the largest is taken, however small", "");
      return is_one ? "swap at least " + *least : "swap";
    }
    if (action.name == "kill_by_pg_scan") return "pgscan";
    if (action.name == "kill_by_pressure" && action.argument("resource", "memory") == "memory")
      return "pressure";
    note("cgroups are not ranked by it, so this action is left out",
         "pick = \"cgroup by pressure\"");
    return "";
  }

  const OomdConfig& config_;
  ImportDraft& draft_;
  double delay_s_ = 0;
  bool is_dry_ = false;
  std::set<std::size_t> told_;  // Lines whose note is made: an action may become several rules.
};

}  // namespace

void import_oomd(std::span<const ImportSource> sources, Imported& imported) {
  if (sources.size() != 1) {
    ImportError error;
    error.diagnostic.message = "oomd reads one configuration file";
    imported.errors.push_back(std::move(error));
    return;
  }
  const OomdConfig config = OomdConfig::read(sources[0], imported.errors);
  if (!imported.errors.empty()) return;
  ImportDraft draft("Imported from " + sources[0].name + " of oomd.", sources, imported);
  OomdPolicy(config, draft).write();
}

}  // namespace oomkit
