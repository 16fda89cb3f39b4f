// docs/scenario.schema.json knows what the parser knows, and nothing else. What the parser
// knows it says itself, when it meets a key that is near to none.
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "scenario/parse.h"

namespace oomkit {
namespace {

using Keys = std::set<std::string>;

const nlohmann::json& schema() {
  static const nlohmann::json kSchema = [] {
    std::ifstream file(OOMKIT_SOURCE_DIR "/docs/scenario.schema.json");
    return nlohmann::json::parse(
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
  }();
  return kSchema;
}

Keys keys_of_schema(const std::string& definition) {
  const nlohmann::json& object =
      definition.empty() ? schema() : schema().at("$defs").at(definition);
  EXPECT_EQ(object.at("additionalProperties"), false) << definition;
  Keys keys;
  for (const auto& [key, value] : object.at("properties").items()) {
    EXPECT_TRUE(value.contains("description") || value.contains("$ref")) << definition << key;
    keys.insert(key);
  }
  return keys;
}

constexpr const char* kUnknown = "qqzzqqzzqqzz";

// The keys that are known where `source` has the unknown one.
Keys keys_of_parser(const std::string& source) {
  const std::string head = "schema = 1\nname = \"x\"\n";
  Keys keys;
  for (const Diagnostic& diagnostic : parse_scenario(head + source).diagnostics) {
    constexpr std::string_view kKnown = "known here: ";
    if (diagnostic.message.find(kUnknown) == std::string::npos || diagnostic.hint.find(kKnown) != 0)
      continue;
    std::string_view rest = std::string_view(diagnostic.hint).substr(kKnown.size());
    while (!rest.empty()) {
      const std::size_t comma = rest.find(", ");
      keys.emplace(rest.substr(0, comma));
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
    }
  }
  EXPECT_FALSE(keys.empty()) << source;
  return keys;
}

struct Place {
  std::string definition;
  std::string source;  // With the unknown key as %.
};

void PrintTo(const Place& place, std::ostream* out) {
  *out << place.definition;
}

class SchemaOf : public testing::TestWithParam<Place> {};

TEST_P(SchemaOf, HasTheKeysOfTheParser) {
  std::string source = GetParam().source;
  source.replace(source.find('%'), 1, std::string(kUnknown) + " = 1");
  EXPECT_EQ(keys_of_schema(GetParam().definition), keys_of_parser(source));
}

std::vector<Place> places() {
  const std::string event = "[[event]]\nat = \"1s\"\n";
  const std::string process = "[[process]]\nname = \"p\"\n";
  const std::string listener = "[[listener]]\nname = \"l\"\nfile = \"/memory.events\"\n";
  std::vector<Place> all = {
      {"", "%\n"},
      {"host", "[host]\n%\n"},
      {"cgroup", "[[cgroup]]\npath = \"/box\"\n%\n"},
      {"process", process + "%\n"},
      {"write", event + "write = { file = \"/proc/x\", % }\n"},
      {"signal", process + event + "signal = { process = \"p\", % }\n"},
      {"load_module", event + "load_module = { file = \"x.ko\", % }\n"},
      {"listener", listener + "%\n"},
      {"end", "[end]\n%\n"},
      {"expect", "[expect]\n%\n"},
      {"expect_on", "[[expect_on]]\nkernel = [\"5.10\"]\n%\n"},
      {"lab", "[lab]\ntitle = \"t\"\ntopic = \"t\"\n%\n"},
      {"narration", "[lab]\nnarration = [ { after = \"end\", say = \"x\", % } ]\n"},
      {"value", "[lab]\nvalues = [ { name = \"n\", of = \"killed_by_kernel\", % } ]\n"},
      // The label of a read is known only beside it.
      {"event", event + "read = \"/proc/meminfo\"\n%\n"},
      {"action", listener + "then = [ { read = \"/proc/meminfo\", % } ]\n"},
  };
  const auto& steps = schema().at("$defs").at("step").at("anyOf");
  for (const auto& step : steps) {
    const std::string definition = step.at("$ref").get<std::string>().substr(8);
    const std::string verb = definition.substr(5);
    all.push_back({definition, process + "steps = [ { " + verb + " = 1, % } ]\n"});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Scenario, SchemaOf, testing::ValuesIn(places()), [](const auto& test) {
  return test.param.definition.empty() ? std::string("root") : test.param.definition;
});

// The parser lists its verbs when it meets a step that it does not know.
TEST(Schema, HasTheStepsOfTheParser) {
  std::string steps;
  for (const auto& step : schema().at("$defs").at("step").at("anyOf"))
    steps += (steps.empty() ? "" : ", ") + step.at("$ref").get<std::string>().substr(13);
  const auto parsed = parse_scenario(
      "schema = 1\nname = \"x\"\n[[process]]\nname = \"p\"\nsteps = [ { qq = 1 } ]\n");
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  std::set<std::string> of_schema;
  std::set<std::string> of_parser;
  const auto split = [](std::string_view list, std::set<std::string>& into) {
    while (!list.empty()) {
      const std::size_t comma = list.find(", ");
      into.emplace(list.substr(0, comma));
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 2);
    }
  };
  split(steps, of_schema);
  const std::string& hint = parsed.diagnostics[0].hint;
  split(std::string_view(hint).substr(hint.find(": ") + 2), of_parser);
  EXPECT_EQ(of_schema, of_parser);
}

}  // namespace
}  // namespace oomkit
