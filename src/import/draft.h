// A policy as an importer makes it: its parts, then its text.
//
// Knows how TOML is written and that no two rules share a name; whether a pattern, a condition or
// an action is one is asked of the policy room, so that nothing is written that it would refuse.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/import.h"

namespace oomkit {

struct DraftMatch {
  std::string field;  // "comm"
  std::string pattern;
};

struct DraftRule {
  std::vector<std::string> comments;
  std::string name;
  std::string scope;  // "" is the host.
  std::string from;
  std::string when;
  std::string pick;
  std::optional<DraftMatch> only, except;
  std::vector<std::string> actions;
  std::optional<double> cooldown_s;
};

struct DraftPreference {
  std::string comment;
  DraftMatch match;
  std::optional<int> oom_score_adj_min;
  std::string level;  // "" is normal.
  std::optional<int> points;
};

class ImportDraft {
 public:
  // `title` is the first comment: what this was made of.
  ImportDraft(std::string title, std::span<const ImportSource> sources, Imported& imported)
      : title_(std::move(title)), sources_(sources), imported_(imported) {}

  // A habit of the other program, kept or mended.
  void habit(std::string sentence) { habits_.push_back(std::move(sentence)); }
  // `value` is TOML.
  void setting(std::string_view key, std::string value);
  void rule(DraftRule rule) {
    if (!is_full()) rules_.push_back(std::move(rule));
  }
  // Nobody's configuration is as long as this; what comes of it is refused.
  bool is_full() const { return rules_.size() > kRulesMax; }
  void preference(DraftPreference preference) { preferences_.push_back(std::move(preference)); }

  void note(std::size_t source, std::size_t line, std::string what, std::string why,
            std::string nearest);
  // Whether ours can run this pattern; if not it is a note.
  bool accepts_pattern(std::size_t source, std::size_t line, const std::string& what,
                       const std::string& pattern);
  // The action that runs this program, or nothing and a note.
  std::optional<std::string> program_action(std::size_t source, std::size_t line,
                                            std::string_view verb, const std::string& command,
                                            double timeout_s);

  // Puts the text into `imported`, unless it has errors or there is no rule.
  void finish();

 private:
  static constexpr std::size_t kRulesMax = 1000;

  std::string text() const;
  void refuse(std::string message);

  std::string title_;
  std::span<const ImportSource> sources_;
  Imported& imported_;
  std::vector<std::string> habits_;
  std::vector<std::string> settings_;
  std::vector<DraftRule> rules_;
  std::vector<DraftPreference> preferences_;
};

}  // namespace oomkit
