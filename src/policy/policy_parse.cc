#include "policy/policy_parse.h"

#include <optional>
#include <string>

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
  read_toml(source, parsed.diagnostics,
            [&](const toml::table& table) { read_everything(source, table, parsed); });
  if (parsed.diagnostics.empty()) parsed.policy.needs = needs_of(parsed.policy);
  return parsed;
}

}  // namespace oomkit
