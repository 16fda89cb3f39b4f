// earlyoom: two limits of memory and swap together, and the largest oom_score.
#include "import/earlyoom.h"

#include <algorithm>
#include <array>
#include <utility>

#include "import/draft.h"
#include "import/import_text.h"
#include "import/importers.h"

namespace oomkit {
namespace {

constexpr double kPercentAll = 100;

// "mem.available <= 10% of mem.reachable", with sizes where they were given.
std::string memory_condition(const EarlyoomSettings& settings, double percent,
                             const std::optional<double>& kib) {
  const std::string share = import_number_text(percent) + "% of mem.reachable";
  if (!kib) return "mem.available <= " + share;
  const std::string size = import_number_text(*kib) + "K";
  if (!settings.has_mem) return "mem.available <= " + size;
  return "(mem.available <= " + share + " and mem.available <= " + size + ")";
}

// Nothing where swap does not matter.
std::string swap_condition(const EarlyoomSettings& settings, double percent,
                           const std::optional<double>& kib) {
  std::string condition;
  const bool has_share = !kib || settings.has_swap;
  if (has_share && percent < kPercentAll)
    condition = "swap.free <= " + import_number_text(percent) + "%";
  if (kib)
    condition += (condition.empty() ? "" : " and ") + std::string("swap.free <= ") +
                 import_number_text(*kib) + "K";
  return condition.empty() ? "" : " and (swap.total == 0 or (" + condition + "))";
}

std::string condition_of(const EarlyoomSettings& settings, bool kill) {
  const auto one = [&](const EarlyoomLimit& limit) { return kill ? limit.kill : limit.term; };
  const auto size = [&](const std::optional<EarlyoomLimit>& limit) {
    return limit ? std::optional(one(*limit)) : std::nullopt;
  };
  return memory_condition(settings, one(settings.mem), size(settings.mem_kib)) +
         swap_condition(settings, one(settings.swap), size(settings.swap_kib));
}

class EarlyoomPolicy {
 public:
  EarlyoomPolicy(const EarlyoomSettings& settings, std::size_t source, ImportDraft& draft)
      : settings_(settings), source_(source), draft_(draft) {}

  void write() {
    for (const ImportNote& note : settings_.notes)
      draft_.note(note.source, note.line, note.what, note.why, note.nearest);
    habits();
    engine_settings();
    patterns();
    rules();
    draft_.finish();
  }

 private:
  void habits() {
    draft_.habit(
        "Kept: a limit in percent is one of MemAvailable and AnonPages together, as of earlyoom "
        "1.8; up to 1.7 it was one of MemTotal.");
    if (settings_.mem_kib || settings_.swap_kib)
      draft_.habit(
          "Mended: a size (-M, -S) stays a size. earlyoom turns it into a percentage when it "
          "starts, of a whole that changes later, and forgets -S where there is no swap yet.");
    if (settings_.by_rss && (settings_.prefer || settings_.avoid))
      draft_.habit(
          "Mended: with --sort-by-rss, --prefer and --avoid are levels. earlyoom adds and "
          "subtracts sizes, and a number that wraps made an avoided process the largest.");
    if (settings_.prefer && !settings_.by_rss)
      draft_.habit(
          "Mended: --prefer adds 300 to the oom_score that the kernel shows; earlyoom also takes "
          "no notice of a negative oom_score_adj there.");
    draft_.habit(
        "Kept: cgroups are not looked at, so their wishes and memory.oom.group mean nothing, and "
        "nothing pauses after a kill but the wait for its end.");
    draft_.habit(
        "Mended: who was sent SIGTERM and does not end gets SIGKILL when the wait is over, or "
        "sooner when memory is critical. earlyoom asks the same process again, without end.");
  }

  void engine_settings() {
    draft_.setting("tick", "[\"100ms\", \"1s\"]");
    draft_.setting("fill_rate", "\"6000M\"");
    draft_.setting("cooldown", "\"0s\"");
    draft_.setting("target_cooldown", "\"0s\"");
    draft_.setting("after_kernel_kill", "\"0s\"");
    draft_.setting("honor_wishes", "false");
    draft_.setting("honor_oom_group", "false");
    if (settings_.dry_run) draft_.setting("dry_run", "true");
  }

  void pattern(const std::optional<EarlyoomPattern>& given, const char* option, int points,
               const char* level) {
    if (!given) return;
    const std::string what = std::string(option) + ' ' + given->text;
    if (!draft_.accepts_pattern(source_, given->line, what, given->text)) return;
    DraftPreference preference;
    preference.comment = option;
    preference.match = {"comm", given->text};
    const bool is_level = points == 0 || settings_.by_rss;
    if (is_level) preference.level = level;
    if (!is_level) preference.points = points;
    draft_.preference(std::move(preference));
  }
  void patterns() {
    constexpr int kPoints = 300;
    pattern(settings_.ignore, "--ignore", 0, "never");
    pattern(settings_.prefer, "--prefer", kPoints, "prefer");
    pattern(settings_.avoid, "--avoid", -kPoints, "avoid");
  }

  void rules() {
    std::vector<std::string> before, after;
    programs(before, after);
    constexpr double kWaitLeast = 0.1;
    constexpr double kWaitMost = 60;
    const std::string term =
        "term wait " + import_time_text(std::clamp(settings_.wait_s, kWaitLeast, kWaitMost));
    rule("SIGKILL", true, before, {"kill", "reap"}, after);
    const bool has_term = settings_.mem.term != settings_.mem.kill ||
                          settings_.swap.term != settings_.swap.kill || settings_.mem_kib ||
                          settings_.swap_kib;
    if (has_term && !settings_.kernel_oom)
      rule("SIGTERM", false, before, {term, "kill", "reap"}, after);
  }

  void rule(const char* name, bool kill, const std::vector<std::string>& before,
            std::vector<std::string> deed, const std::vector<std::string>& after) {
    DraftRule rule;
    rule.name = name;
    rule.when = condition_of(settings_, kill && !settings_.kernel_oom);
    if (settings_.kernel_oom) {
      rule.name = "kernel OOM";
      rule.comments = {"--kernel-oom: the kernel chooses."};
      deed = {"sysrq f"};
    } else {
      rule.pick = std::string(settings_.group ? "process group" : "process") +
                  (settings_.by_rss ? " by rss" : " by oom_score, then rss");
      if (settings_.spare_root) rule.except = {"user", "^(root|0)$"};
    }
    rule.actions = before;
    rule.actions.insert(rule.actions.end(), deed.begin(), deed.end());
    rule.actions.insert(rule.actions.end(), after.begin(), after.end());
    draft_.rule(std::move(rule));
  }

  void programs(std::vector<std::string>& before, std::vector<std::string>& after) {
    constexpr double kBeforeS = 0.2;
    constexpr double kAfterS = 60;
    const auto add = [&](const std::optional<EarlyoomProgram>& program, const char* verb,
                         double timeout_s, std::vector<std::string>& actions) {
      if (!program) return;
      const auto action =
          draft_.program_action(source_, program->line, verb, program->path, timeout_s);
      if (!action) return;
      actions.push_back(*action);
      draft_.note(source_, program->line, "EARLYOOM_PID, EARLYOOM_NAME ... for " + program->path,
                  "a program of ours has other names for the same",
                  "OOM_PID, OOM_COMM, OOM_CGROUP, OOM_RULE");
    };
    add(settings_.before, "hook", kBeforeS, before);
    add(settings_.after, "exec", kAfterS, after);
    if (settings_.notify) after.emplace_back("notify");
  }

  const EarlyoomSettings& settings_;
  std::size_t source_;
  ImportDraft& draft_;
};

void write_earlyoom(const EarlyoomSettings& settings, std::size_t source, std::string title,
                    std::span<const ImportSource> sources, Imported& imported) {
  if (!imported.errors.empty()) return;
  ImportDraft draft(std::move(title), sources, imported);
  EarlyoomPolicy(settings, source, draft).write();
}

// The words behind the program's name of the last line that starts it or holds its arguments, as
// in /etc/default/earlyoom and in units.
std::optional<std::vector<PlacedText>> words_of_file(std::string_view text) {
  std::optional<std::vector<PlacedText>> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    // A line that goes on after a backslash is one.
    std::size_t end = std::min(text.find('\n', at), text.size());
    while (end < text.size() && end > begin && text[end - 1] == '\\')
      end = std::min(text.find('\n', end + 1), text.size());
    at = end + 1;
    std::string_view line = text.substr(begin, end - begin);
    const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(indent);
    if (line.starts_with("export ")) line.remove_prefix(7);
    const std::size_t value = end - line.size();
    if (line.starts_with("EARLYOOM_ARGS=")) {
      const std::size_t skip = std::string_view("EARLYOOM_ARGS=").size();
      words = placed_words(unquoted(placed(line.substr(skip), value + skip)));
    } else if (line.starts_with("ExecStart=")) {
      const std::size_t skip = std::string_view("ExecStart=").size();
      auto started = placed_words(placed(line.substr(skip), value + skip));
      if (started.empty() || started.front().text.find("earlyoom") == std::string::npos) continue;
      started.erase(started.begin());
      const auto is_variable = [](const PlacedText& word) { return word.text.starts_with('$'); };
      started.erase(std::remove_if(started.begin(), started.end(), is_variable), started.end());
      if (!words || !started.empty()) words = std::move(started);
    }
  }
  return words;
}

}  // namespace

void import_earlyoom(std::span<const ImportSource> sources, Imported& imported) {
  std::optional<std::vector<PlacedText>> words;
  std::size_t source = 0;
  for (std::size_t index = 0; index < sources.size(); ++index) {
    auto found = words_of_file(sources[index].text);
    if (!found || (words && found->empty())) continue;
    words = std::move(found);
    source = index;
  }
  if (!words) {
    ImportError error;
    error.diagnostic.message = "it has no EARLYOOM_ARGS= and starts no earlyoom";
    imported.errors.push_back(std::move(error));
    return;
  }
  const EarlyoomSettings settings =
      read_earlyoom(sources[source].text, source, *words, imported.errors);
  write_earlyoom(settings, source, "Imported from " + sources[source].name + " of earlyoom.",
                 sources, imported);
}

void import_earlyoom_words(std::span<const std::string> arguments, Imported& imported) {
  std::string line;
  std::vector<PlacedText> words;
  for (const std::string& argument : arguments) {
    if (!line.empty()) line += ' ';
    words.push_back(placed(argument, line.size()));
    line += argument;
  }
  const EarlyoomSettings settings = read_earlyoom(line, 0, words, imported.errors);
  write_earlyoom(settings, 0, "Imported from: earlyoom " + line, {}, imported);
}

}  // namespace oomkit
