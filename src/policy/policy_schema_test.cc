// docs/policy.schema.json knows the keys that the parser knows, and no others; docs/POLICY.md
// tells of every signal, function and ranker.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "policy/pick.h"
#include "policy/policy_parse.h"
#include "policy/signals.h"

namespace oomkit {
namespace {

using Keys = std::set<std::string>;

std::string policy_document(const std::string& name) {
  std::ifstream file(OOMKIT_SOURCE_DIR "/docs/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Keys schema_keys(const std::string& definition) {
  static const nlohmann::json kSchema =
      nlohmann::json::parse(policy_document("policy.schema.json"));
  const nlohmann::json& object = definition.empty() ? kSchema : kSchema.at("$defs").at(definition);
  EXPECT_EQ(object.at("additionalProperties"), false) << definition;
  Keys keys;
  for (const auto& [key, value] : object.at("properties").items())
    keys.insert(key);
  return keys;
}

// What the parser says is known where an unknown key stands.
Keys parser_keys(const std::string& source) {
  Keys keys;
  constexpr std::string_view kKnown = "known here: ";
  for (const Diagnostic& diagnostic : parse_policy(source).diagnostics) {
    if (diagnostic.message.find("qqzzqqzz") == std::string::npos) continue;
    std::string_view rest = diagnostic.hint;
    EXPECT_EQ(rest.substr(0, kKnown.size()), kKnown) << rest;
    rest.remove_prefix(std::min(rest.size(), kKnown.size()));
    while (!rest.empty()) {
      const std::size_t comma = rest.find(", ");
      keys.emplace(rest.substr(0, comma));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
    }
  }
  EXPECT_FALSE(keys.empty()) << source;
  return keys;
}

TEST(PolicySchema, HasTheKeysOfTheParser) {
  const std::string wrong = "qqzzqqzz = 1\n";
  EXPECT_EQ(schema_keys(""), parser_keys("schema = 1\n" + wrong));
  EXPECT_EQ(schema_keys("settings"), parser_keys("schema = 1\n[settings]\n" + wrong));
  EXPECT_EQ(schema_keys("rule"), parser_keys("schema = 1\n[[rule]]\n" + wrong));
  EXPECT_EQ(schema_keys("preference"), parser_keys("schema = 1\n[[preference]]\n" + wrong));
  EXPECT_EQ(schema_keys("match"),
            parser_keys("schema = 1\n[[preference]]\n[preference.match]\n" + wrong));
}

TEST(PolicyDocument, TellsOfEveryWord) {
  const std::string text = policy_document("POLICY.md");
  for (const SignalEntry& entry : signal_table())
    EXPECT_NE(text.find("`" + std::string(entry.name) + "`"), std::string::npos) << entry.name;
  for (const RankerEntry& entry : ranker_table())
    EXPECT_NE(text.find("`" + std::string(entry.name) + "`"), std::string::npos) << entry.name;
  for (const char* name : {"psi(", "host.psi(", "growth(", "rate(", "slope(", "rising(", "falling(",
                           "eta(", "min(", "max(", "abs(", "known(", "accumulate("})
    EXPECT_NE(text.find(std::string("`") + name), std::string::npos) << name;
}

}  // namespace
}  // namespace oomkit
