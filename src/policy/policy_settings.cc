#include <optional>
#include <string>
#include <utility>

#include "core/text.h"
#include "policy/policy_tables.h"
#include "policy/words.h"
#include "scenario/units.h"

namespace oomkit {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTickLeast{10};
constexpr milliseconds kTickMost{60'000};
constexpr int kBudgetMost = 64;

// "3 per 10m"
std::optional<std::pair<int, milliseconds>> parse_budget(std::string_view text) {
  const auto words = policy_words(text);
  if (words.size() != 3 || words[1].text != "per") return std::nullopt;
  Cursor cursor(words[0].text);
  const auto count = cursor.take_integer<int>();
  auto window = parse_duration(words[2].text);
  if (!count || !cursor.at_end() || *count < 1 || *count > kBudgetMost) return std::nullopt;
  if (!window || window->count() == 0) return std::nullopt;
  return std::pair(*count, *window);
}

void read_tick(TableReader& reader, PolicySettings& settings) {
  const auto texts = reader.texts("tick");
  if (!texts) return;
  const bool two = texts->size() == 2;
  const auto low = two ? parse_duration(texts->front()) : Result<milliseconds>(milliseconds(0));
  const auto high = two ? parse_duration(texts->back()) : Result<milliseconds>(milliseconds(0));
  if (!low || !high || *low < kTickLeast || *high > kTickMost || *low > *high) {
    return reader.refuse("tick", "[settings]: a tick is between two times, from 10ms to 1m",
                         "tick = [\"100ms\", \"1s\"]");
  }
  settings.tick_min = *low;
  settings.tick_max = *high;
}

}  // namespace

void read_policy_settings(const toml::table& table, ParsedPolicy& parsed) {
  TableReader reader(table, "[settings]", parsed.diagnostics);
  PolicySettings& settings = parsed.policy.settings;
  read_tick(reader, settings);
  if (const auto rate = reader.size("fill_rate")) {
    settings.fill_rate = *rate;
    if (rate->count() < (1 << 20))
      reader.refuse("fill_rate", "[settings]: nothing fills memory as slowly", "at least 1M");
  }
  if (const auto time = reader.duration("cooldown")) settings.cooldown = *time;
  if (const auto time = reader.duration("target_cooldown")) settings.target_cooldown = *time;
  if (const auto time = reader.duration("after_kernel_kill")) settings.after_kernel_kill = *time;
  if (const auto text = reader.text("budget")) {
    if (const auto budget = parse_budget(*text)) {
      settings.budget = budget->first;
      settings.budget_window = budget->second;
    } else {
      reader.refuse("budget", "[settings]: \"" + *text + "\" is no budget",
                    "1 to 64 kills in a time, as in \"3 per 10m\"");
    }
  }
  if (const auto flag = reader.flag("honor_wishes")) settings.honor_wishes = *flag;
  if (const auto flag = reader.flag("honor_oom_group")) settings.honor_oom_group = *flag;
  if (const auto flag = reader.flag("dry_run")) settings.dry_run = *flag;
  reader.finish();
}

}  // namespace oomkit
