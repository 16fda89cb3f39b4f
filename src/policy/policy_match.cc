#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/diagnostic.h"
#include "policy/policy_tables.h"
#include "policy/text_place.h"

namespace oomkit {
namespace {

struct MatchKey {
  std::string_view key;
  MatchField field;
};
constexpr std::array<MatchKey, 6> kMatchKeys = {{{"comm", MatchField::comm},
                                                 {"cmdline", MatchField::cmdline},
                                                 {"exe", MatchField::exe},
                                                 {"user", MatchField::user},
                                                 {"cgroup", MatchField::cgroup},
                                                 {"unit", MatchField::unit}}};

constexpr std::array<std::string_view, 4> kLevels = {"prefer", "normal", "avoid", "never"};

constexpr std::int64_t kAdjMost = 1000;
constexpr double kPointsMost = 10'000;

}  // namespace

PolicyMatch read_policy_match(std::string_view source, TableReader& outer, std::string_view key,
                              std::string where, ParsedPolicy& parsed) {
  PolicyMatch match;
  const toml::table* table = outer.table(key);
  if (table == nullptr) return match;
  TableReader reader(*table, std::move(where), parsed.diagnostics);
  for (const MatchKey& known : kMatchKeys) {
    const auto text = reader.text(known.key);
    if (!text) continue;
    auto pattern = Pattern::create(*text);
    if (pattern) {
      match.patterns.emplace_back(known.field, *std::move(pattern));
      continue;
    }
    Diagnostic wrong =
        place_in_text(source, table->get(known.key)->source(), pattern.error().offset, 1);
    wrong.message = reader.where() + ": " + std::string(known.key) + ": " + pattern.error().message;
    parsed.diagnostics.push_back(std::move(wrong));
  }
  if (const auto adj = reader.integer("oom_score_adj_min", -kAdjMost, kAdjMost))
    match.oom_score_adj_min = static_cast<std::int32_t>(*adj);
  if (const auto adj = reader.integer("oom_score_adj_max", -kAdjMost, kAdjMost))
    match.oom_score_adj_max = static_cast<std::int32_t>(*adj);
  reader.finish();
  return match;
}

void read_policy_preference(std::string_view source, const toml::table& table, std::size_t index,
                            ParsedPolicy& parsed) {
  const std::string where = "[[preference]] " + std::to_string(index + 1);
  TableReader reader(table, where, parsed.diagnostics);
  Preference preference;
  preference.line = table.source().begin.line;
  preference.match = read_policy_match(source, reader, "match", where + " match", parsed);
  if (!reader.has("match"))
    reader.refuse_here(where + ": whom is it about?", "match = { comm = \"^sshd$\" }");
  const std::string level = reader.text("level").value_or("normal");
  bool known = false;
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels.at(i) != level) continue;
    preference.level = static_cast<PreferenceLevel>(i);
    known = true;
  }
  if (!known) {
    const std::string_view meant = nearest(level, kLevels);
    reader.refuse("level", where + ": unknown level \"" + level + "\"",
                  meant.empty() ? "prefer, normal, avoid or never"
                                : "did you mean \"" + std::string(meant) + "\"?");
  }
  if (const auto points = reader.integer("points", -static_cast<std::int64_t>(kPointsMost),
                                         static_cast<std::int64_t>(kPointsMost)))
    preference.points = static_cast<double>(*points);
  if (!reader.has("level") && !reader.has("points"))
    reader.refuse_here(where + ": it changes nothing", "level = \"never\", or points = 300");
  reader.finish();
  parsed.policy.preferences.push_back(std::move(preference));
}

}  // namespace oomkit
