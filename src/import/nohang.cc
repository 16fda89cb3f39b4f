// nohang: (memory and swap) or zram or (pressure for a while, and memory), in three levels.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/lines.h"
#include "core/text.h"
#include "import/draft.h"
#include "import/import_text.h"
#include "import/importers.h"
#include "import/nohang_config.h"

namespace oomkit {
namespace {

constexpr double kBadnessMost = 10'000;

class NohangPolicy {
 public:
  NohangPolicy(const NohangConfig& config, const ImportSource& source, ImportDraft& draft,
               std::vector<ImportError>& errors)
      : config_(config), source_(source), places_(source.text), draft_(draft), errors_(errors) {}

  void write() {
    habits();
    engine_settings();
    for (const auto& [line, number] : config_.told_only())
      draft_.note(0, number, line, "it is about nohang's own words and caches",
                  "oom guard --record FILE");
    for (const NohangRepeated& one : config_.repeated())
      one.key.starts_with("BADNESS") ? badness(one) : soft_action(one);
    if (config_.flag("ignore_positive_oom_score_adj"))
      draft_.note(0, config_.value("ignore_positive_oom_score_adj").line,
                  "ignore_positive_oom_score_adj = True",
                  "oom_score is taken as the kernel shows it, adjustments included",
                  "pick = \"process by usage\", which knows no adjustment");
    rules();
    draft_.finish();
  }

 private:
  void habits() {
    draft_.habit(
        "Kept: without swap the swap's limit is met. Zram's limit alone suffices; pressure needs "
        "memory below its limit as well.");
    draft_.habit(
        "Mended: nohang gives up a round when any process ended while it looked; here the "
        "condition is checked once more before anything is done.");
    draft_.habit(
        "Kept: cgroups are not looked at, so their wishes and memory.oom.group mean nothing.");
  }

  void engine_settings() {
    constexpr double kTickLeast = 0.01;
    constexpr double kTickMost = 60;
    const double least = std::clamp(config_.number("min_sleep"), kTickLeast, kTickMost);
    const double most = std::clamp(config_.number("max_sleep"), least, kTickMost);
    draft_.setting("tick",
                   "[\"" + import_time_text(least) + "\", \"" + import_time_text(most) + "\"]");
    constexpr double kFillMost = 1e6;
    const double rate = std::clamp(config_.number("fill_rate_mem"), 1.0, kFillMost);
    draft_.setting("fill_rate", "\"" + std::to_string(std::llround(rate)) + "M\"");
    for (const char* key : {"fill_rate_swap", "fill_rate_zram"}) {
      if (const NohangValue& value = config_.value(key); value.line > 0)
        draft_.note(0, value.line, std::string(key) + " = " + value.text,
                    "one rate says how soon memory and swap together can end", "fill_rate");
    }
    draft_.setting("cooldown", "\"0s\"");
    draft_.setting("target_cooldown", "\"0s\"");
    draft_.setting("after_kernel_kill", config_.checks_kernel_log() ? "\"1s\"" : "\"0s\"");
    draft_.setting("honor_wishes", "false");
    draft_.setting("honor_oom_group", "false");
  }

  void refuse(std::size_t line_offset, std::string_view part, std::string message,
              std::string hint) {
    const std::size_t found = source_.text.find(part, line_offset);
    if (errors_.size() == kImportErrorsMax) return;
    const std::size_t place = found == std::string::npos ? line_offset : found;
    errors_.push_back(
        {0, places_.diagnostic(place, part.size(), std::move(message), std::move(hint))});
  }

  void badness(const NohangRepeated& one) {
    const std::string what = "@" + one.key + " " + one.before + " /// " + one.after;
    const bool is_negative = one.before.starts_with('-');
    const auto number = import_number(std::string_view(one.before).substr(is_negative ? 1 : 0));
    if (!number)
      return refuse(one.offset, one.before.empty() ? "///" : one.before,
                    "expected a whole number here", "as in @BADNESS_ADJ_RE_NAME -500 /// ^sshd$");
    const std::string kind = one.key.substr(std::string_view("BADNESS_ADJ_RE_").size());
    DraftMatch match{"", one.after};
    if (kind == "NAME") match.field = "comm";
    if (kind == "CMDLINE") match.field = "cmdline";
    if (kind == "REALPATH") match.field = "exe";
    if (kind == "UID") match.field = "user";
    if (kind.starts_with("CGROUP")) match.field = "cgroup";
    if (match.field.empty())
      return draft_.note(0, one.line, what,
                         "a process's " +
                             std::string(kind == "CWD" ? "working directory" : "environment") +
                             " is not looked at: reading it can wait for memory",
                         "match by cmdline, exe or unit");
    if (kind == "UID") {
      // Names are what our pattern is held against, where the user has one.
      if (one.after == "^0$")
        match.pattern = "^(root|0)$";
      else
        draft_.note(0, one.line, what, "users go by their names where they have one",
                    "the user's name in the [[preference]] that this became");
    }
    if (!draft_.accepts_pattern(0, one.line, what, match.pattern)) return;
    DraftPreference preference;
    preference.comment = "line " + std::to_string(one.line);
    preference.match = std::move(match);
    const double points = std::min(std::round(*number), kBadnessMost);
    preference.points = static_cast<int>(is_negative ? -points : points);
    // Kept: what is to be added does not hold against a process that was protected.
    if (!is_negative) preference.oom_score_adj_min = 0;
    draft_.preference(std::move(preference));
  }

  void soft_action(const NohangRepeated& one) {
    draft_.note(
        0, one.line, "@" + one.key + " " + one.before + " /// " + one.after,
        "what is done does not depend on who was picked; SIGTERM is sent as to others",
        "a [[rule]] of its own with only = { comm = \"...\" } and \"restart\" or \"hook /PATH\"");
  }

  // "mem.available <= 5%", "... <= 200M".
  std::string level(const char* signal, const char* sign, const std::string& key) const {
    const std::string& text = config_.value(key).text;
    const std::string_view number = trim_right(std::string_view(text).substr(0, text.size() - 1));
    return std::string(signal) + sign + import_number_text(import_number(number).value_or(0)) +
           text.back();
  }

  std::string exhausted(const std::string& name) const {
    std::string condition = level("mem.available", " <= ", name + "_threshold_min_mem") +
                            " and (swap.total == 0 or " +
                            level("swap.free", " <= ", name + "_threshold_min_swap") + ")";
    if (config_.flag("zram_checking_enabled"))
      condition =
          "(" + condition + ") or " + level("zram.memory", " >= ", name + "_threshold_max_zram");
    return condition;
  }

  // The file that nohang reads, as our function; empty and a note if it is another cgroup's.
  std::string pressure(const std::string& name) const {
    const std::string& metric = config_.value("psi_metrics").text;
    const std::size_t line = metric.find('_');
    return "(psi(memory, " + metric.substr(0, line) + ", " + metric.substr(line + 1) +
           ") >= " + import_number_text(config_.number(name + "_threshold_max_psi")) + "%" +
           import_lasting_text(config_.number("psi_excess_duration")) + ") and " +
           level("mem.available", " <= ", name + "_threshold_min_mem");
  }

  // The cgroup whose pressure counts; nothing where it is none that can be said.
  std::optional<std::string> pressure_scope() {
    const NohangValue& path = config_.value("psi_path");
    constexpr std::string_view kFolders[] = {"/sys/fs/cgroup/unified/", "/sys/fs/cgroup/"};
    constexpr std::string_view kFile = "/memory.pressure";
    if (path.text == "/proc/pressure/memory") return "";
    for (const std::string_view folder : kFolders) {
      if (!path.text.starts_with(folder) || !path.text.ends_with(kFile)) continue;
      if (path.text.size() <= folder.size() + kFile.size()) continue;
      const std::string cgroup =
          path.text.substr(folder.size() - 1, path.text.size() - folder.size() + 1 - kFile.size());
      if (cgroup.find_first_of(" \t*?,") == std::string::npos) return "cgroup " + cgroup;
    }
    draft_.note(0, path.line, "psi_path = " + path.text,
                "only the host's pressure and a cgroup's memory.pressure are known; the rules for "
                "pressure are left out",
                "psi_path = /proc/pressure/memory");
    return std::nullopt;
  }

  void rules() {
    std::optional<std::string> scope;
    if (config_.flag("psi_checking_enabled")) scope = pressure_scope();
    const std::string pick =
        "process by oom_score at least " +
        import_number_text(std::min(std::max(1.0, config_.number("min_badness")), kBadnessMost));
    std::vector<std::string> kill = {"kill", "reap"};
    if (const NohangValue& program = config_.value("post_kill_exe"); !program.text.empty()) {
      const auto action = draft_.program_action(0, program.line, "exec", program.text,
                                                config_.number("exe_timeout"));
      if (action) kill.push_back(*action);
    }
    constexpr double kWaitLeast = 0.1;
    constexpr double kWaitMost = 60;
    const double wait = std::clamp(config_.number("max_soft_exit_time"), kWaitLeast, kWaitMost);
    std::vector<std::string> term = {"term wait " + import_time_text(wait), "kill", "reap"};
    if (config_.flag("post_action_gui_notifications")) {
      kill.emplace_back("notify");
      term.emplace_back("notify");
    }
    pair("hard", kill, pick, scope, std::nullopt);
    pair("soft", term, pick, scope, config_.number("post_soft_action_delay"));
    if (config_.flag("low_memory_warnings_enabled")) warning(scope);
  }

  void pair(const std::string& name, const std::vector<std::string>& actions,
            const std::string& pick, const std::optional<std::string>& scope,
            std::optional<double> cooldown_s) {
    DraftRule rule;
    rule.name = name;
    rule.when = exhausted(name);
    rule.pick = pick;
    rule.actions = actions;
    rule.cooldown_s = cooldown_s;
    draft_.rule(rule);
    if (!scope) return;
    rule.name = name + ", pressure";
    rule.scope = *scope;
    rule.when = pressure(name);
    // nohang picks from the whole host, whosever pressure it looks at.
    if (!scope->empty()) rule.from = "cgroup / /**";
    rule.cooldown_s = config_.number("psi_post_action_delay");
    draft_.rule(std::move(rule));
  }

  void warning(const std::optional<std::string>& scope) {
    DraftRule rule;
    rule.name = "warning";
    rule.when = exhausted("warning");
    if (scope && scope->empty()) rule.when = "(" + rule.when + ") or (" + pressure("warning") + ")";
    if (const NohangValue& program = config_.value("warning_exe"); !program.text.empty()) {
      const auto action = draft_.program_action(0, program.line, "exec", program.text,
                                                config_.number("exe_timeout"));
      if (action) rule.actions.push_back(*action);
    }
    if (rule.actions.empty()) rule.actions = {"warn medium", "notify"};
    rule.cooldown_s = config_.number("min_post_warning_delay");
    draft_.rule(std::move(rule));
  }

  const NohangConfig& config_;
  const ImportSource& source_;
  ImportPlaces places_;
  ImportDraft& draft_;
  std::vector<ImportError>& errors_;
};

}  // namespace

void import_nohang(std::span<const ImportSource> sources, Imported& imported) {
  if (sources.size() != 1) {
    ImportError error;
    error.diagnostic.message = "nohang reads one configuration file";
    imported.errors.push_back(std::move(error));
    return;
  }
  const NohangConfig config = NohangConfig::read(sources[0], imported.errors);
  if (!imported.errors.empty()) return;
  ImportDraft draft("Imported from " + sources[0].name + " of nohang.", sources, imported);
  NohangPolicy(config, sources[0], draft, imported.errors).write();
}

}  // namespace oomkit
