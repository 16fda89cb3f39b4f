#include "policy/policy_parse.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "core/toml_letters.h"
#include "policy/policy_tables.h"
#include "scenario/table_reader.h"

namespace oomkit {
namespace {

void read_everything(std::string_view source, const toml::table& table, ParsedPolicy& parsed) {
  TableReader reader(table, "the policy", parsed.diagnostics);
  if (!reader.has("schema")) {
    Diagnostic missing;
    missing.message = "this is no policy: its first line is to be schema = 1";
    parsed.diagnostics.push_back(missing);
  } else {
    reader.integer("schema", 1, 1);
  }
  reader.text("name");
  reader.text("about");
  if (const toml::table* settings = reader.table("settings"))
    read_policy_settings(*settings, parsed);
  reader.each_table("rule", [&](const toml::table& rule, std::size_t index) {
    read_policy_rule(source, rule, index, parsed);
  });
  reader.each_table("preference", [&](const toml::table& preference, std::size_t index) {
    read_policy_preference(source, preference, index, parsed);
  });
  reader.finish();
  if (parsed.policy.rules.empty() && parsed.diagnostics.empty())
    reader.refuse_here("a policy without rules does nothing", "add a [[rule]]");
}

}  // namespace

ParsedPolicy parse_policy(std::string_view source) {
  ParsedPolicy parsed;
  if (source.size() > kPolicyBytesMax) {
    Diagnostic large;
    large.message = "a policy of more than 1 MiB is none";
    parsed.diagnostics.push_back(large);
    return parsed;
  }
  if (auto letter = letter_outside_of_strings(source)) {
    parsed.diagnostics.push_back(*std::move(letter));
    return parsed;
  }
  try {
    read_everything(source, toml::parse(source), parsed);
  } catch (const toml::parse_error& error) {
    parsed.diagnostics.push_back(diagnostic_at(error.source(), std::string(error.description())));
    return parsed;
  }
  std::stable_sort(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return a.line != b.line ? a.line < b.line : a.column < b.column;
                   });
  if (parsed.diagnostics.empty()) parsed.policy.needs = needs_of(parsed.policy);
  return parsed;
}

}  // namespace oomkit
