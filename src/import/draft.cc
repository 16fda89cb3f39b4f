#include "import/draft.h"

#include <algorithm>
#include <map>
#include <utility>

#include "import/import_text.h"
#include "policy/action.h"
#include "policy/pattern.h"
#include "policy/policy_parse.h"

namespace oomkit {
namespace {

constexpr std::size_t kCommentColumns = 98;
constexpr std::size_t kNameBytesMax = 120;

// A paragraph as comment lines.
void append_comment(std::string& text, std::string_view sentence) {
  const std::string plain = comment_text(sentence);
  std::string line = "#";
  std::size_t at = 0;
  while (at < plain.size()) {
    const std::size_t begin = plain.find_first_not_of(' ', at);
    if (begin == std::string::npos) break;
    const std::size_t end = std::min(plain.find(' ', begin), plain.size());
    if (line.size() > 1 && line.size() + 1 + (end - begin) > kCommentColumns) {
      text += line + '\n';
      line = "#";
    }
    line += ' ' + plain.substr(begin, end - begin);
    at = end;
  }
  text += line + '\n';
}

std::string match_table(const DraftMatch& match, std::optional<int> adj_min) {
  std::string table = "{ " + match.field + " = " + toml_string(match.pattern);
  if (adj_min) table += ", oom_score_adj_min = " + std::to_string(*adj_min);
  return table + " }";
}

void append_field(std::string& text, std::string_view key, const std::string& value) {
  if (value.empty()) return;
  text += key;
  text += " = " + toml_string(value) + '\n';
}

void append_rule(std::string& text, const DraftRule& rule, const std::string& name) {
  text += '\n';
  for (const std::string& comment : rule.comments)
    append_comment(text, comment);
  text += "[[rule]]\nname = " + toml_string(name) + '\n';
  append_field(text, "scope", rule.scope);
  append_field(text, "when", rule.when);
  append_field(text, "pick", rule.pick);
  append_field(text, "from", rule.from);
  if (rule.only) text += "only = " + match_table(*rule.only, std::nullopt) + '\n';
  if (rule.except) text += "except = " + match_table(*rule.except, std::nullopt) + '\n';
  text += "do = [";
  for (const std::string& action : rule.actions)
    text += (&action == rule.actions.data() ? "" : ", ") + toml_string(action);
  text += "]\n";
  if (rule.cooldown_s) text += "cooldown = \"" + import_time_text(*rule.cooldown_s) + "\"\n";
}

void append_preference(std::string& text, const DraftPreference& preference) {
  text += '\n';
  if (!preference.comment.empty()) append_comment(text, preference.comment);
  text += "[[preference]]\nmatch = " + match_table(preference.match, preference.oom_score_adj_min) +
          '\n';
  append_field(text, "level", preference.level);
  if (preference.points) text += "points = " + std::to_string(*preference.points) + '\n';
}

// Cut within reason, not within a character.
std::string short_name(std::string name) {
  if (name.size() <= kNameBytesMax) return name;
  std::size_t end = kNameBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U)
    --end;
  name.resize(end);
  return name;
}

}  // namespace

void ImportDraft::setting(std::string_view key, std::string value) {
  settings_.push_back(std::string(key) + " = " + std::move(value));
}

void ImportDraft::note(std::size_t source, std::size_t line, std::string what, std::string why,
                       std::string nearest) {
  imported_.notes.push_back({source, line, std::move(what), std::move(why), std::move(nearest)});
}

bool ImportDraft::accepts_pattern(std::size_t source, std::size_t line, const std::string& what,
                                  const std::string& pattern) {
  const auto tried = Pattern::create(pattern);
  if (tried) return true;
  note(source, line, what,
       "our patterns, which match in fixed memory, cannot say it (" + tried.error().message +
           " at byte " + std::to_string(tried.error().offset) + ")",
       "the same without that, in a [[preference]]");
  return false;
}

std::optional<std::string> ImportDraft::program_action(std::size_t source, std::size_t line,
                                                       std::string_view verb,
                                                       const std::string& command,
                                                       double timeout_s) {
  constexpr std::string_view kOfShell = "$`'\"|&;<>()*?[]{}~#\\\n\t";
  if (command.find_first_of(kOfShell) != std::string::npos) {
    note(source, line, command, "programs are run without a shell, so nothing in it is expanded",
         "a script with these words, by \"" + std::string(verb) + " /PATH\"");
    return std::nullopt;
  }
  constexpr double kMost = 60;
  std::string action = std::string(verb) + ' ' + command + " timeout " +
                       import_time_text(std::clamp(timeout_s, 0.001, kMost));
  const auto tried = parse_action(action);
  if (tried) return action;
  note(source, line, command, tried.error().message, "its whole path");
  return std::nullopt;
}

void ImportDraft::refuse(std::string message) {
  ImportError error;
  error.diagnostic.message = std::move(message);
  imported_.errors.push_back(std::move(error));
}

void ImportDraft::finish() {
  if (!imported_.errors.empty() || rules_.empty()) return;
  if (is_full()) return refuse("more than 1000 rules come of it");
  std::string policy = text();
  if (policy.size() > kPolicyBytesMax)
    return refuse("what comes of it is larger than a policy may be (1 MiB)");
  imported_.policy = std::move(policy);
}

std::string ImportDraft::text() const {
  std::string text;
  append_comment(text, title_);
  for (const std::string& habit : habits_) {
    text += "#\n";
    append_comment(text, habit);
  }
  if (!imported_.notes.empty()) {
    text += "#\n# Not in this policy:\n";
    for (const ImportNote& one : imported_.notes)
      append_comment(text, "- " + note_text(one, sources_));
  }
  text += "schema = 1\nname = \"imported\"\n";
  if (!settings_.empty()) text += "\n[settings]\n";
  for (const std::string& line : settings_)
    text += line + '\n';
  for (const DraftPreference& preference : preferences_)
    append_preference(text, preference);
  std::map<std::string, int> names;  // And how many rules wanted to be called so.
  for (const DraftRule& rule : rules_) {
    const std::string wanted = short_name(rule.name.empty() ? "rule" : rule.name);
    std::string name = wanted;
    while (names[name]++ > 0)
      name = wanted + ' ' + std::to_string(names[wanted]);
    append_rule(text, rule, name);
  }
  return text;
}

}  // namespace oomkit
