// Where the fields of a sweep stand in the scenario's file, and whether their values fit there.
#include <algorithm>
#include <string>
#include <utility>

#include <toml++/toml.h>

#include "core/text.h"
#include "scenario/parse.h"
#include "scenario/sweep.h"
#include "scenario/sweep_value.h"

namespace oomkit {
namespace {

// Of the words that `path` may begin with, the longest that is followed by a dot or the end: keys
// of cgroup files and sysctls have dots in them.
std::string_view first_word(std::string_view path, const std::vector<std::string>& words) {
  std::string_view found;
  for (const std::string& word : words) {
    const bool fits =
        path.starts_with(word) && (path.size() == word.size() || path[word.size()] == '.');
    if (fits && word.size() > found.size()) found = path.substr(0, word.size());
  }
  return found;
}

// By what an item of a list is called: a process by its name, a cgroup by its path.
std::string name_of_item(const toml::node& item) {
  const toml::table* table = item.as_table();
  if (table == nullptr) return {};
  for (const char* key : {"name", "path"}) {
    if (const auto name = (*table)[key].value<std::string>()) return *name;
  }
  return {};
}

std::vector<std::string> words_of(const toml::node& node) {
  std::vector<std::string> words;
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, value] : *table)
      words.emplace_back(key.str());
  } else if (const toml::array* array = node.as_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (std::string name = name_of_item((*array)[i]); !name.empty()) words.push_back(name);
      words.push_back(std::to_string(i + 1));
    }
  }
  return words;
}

const toml::node* child_of(const toml::node& node, std::string_view word) {
  if (const toml::table* table = node.as_table()) return table->get(word);
  const toml::array* array = node.as_array();
  for (const toml::node& item : *array) {
    if (name_of_item(item) == word) return &item;
  }
  Cursor cursor(word);
  const auto number = cursor.take_integer<std::size_t>();
  return number ? array->get(*number - 1) : nullptr;
}

struct Found {
  const toml::node* node = nullptr;
  std::string problem, hint;
};

Found find_node(const toml::table& root, std::string_view path) {
  const toml::node* node = &root;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::vector<std::string> words = words_of(*node);
    const std::string_view word = first_word(rest, words);
    if (word.empty()) {
      Found none;
      const std::string_view before = path.substr(0, path.size() - rest.size());
      none.problem =
          "the scenario has no \"" + std::string(rest) + "\"" +
          (before.empty() ? "" : " in " + std::string(before.substr(0, before.size() - 1)));
      for (const std::string& known : words)
        none.hint += (none.hint.empty() ? "there is: " : ", ") + known;
      if (words.empty()) none.hint = "that is a value already";
      return none;
    }
    node = child_of(*node, word);
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  if (node->is_table() || node->is_array_of_tables())
    return {nullptr, "\"" + std::string(path) + "\" is no single value of the scenario",
            "name a key in it, as in process.leak.steps.1.alloc"};
  return {node, {}, {}};
}

// toml++ counts lines, and in them the characters, from 1.
std::size_t byte_at(std::string_view source, const toml::source_position& position) {
  std::size_t at = 0;
  for (toml::source_index line = 1; line < position.line; ++line)
    at = source.find('\n', at) + 1;
  for (toml::source_index column = 1; column < position.column && at < source.size(); ++column) {
    ++at;
    while (at < source.size() && (static_cast<unsigned char>(source[at]) & 0xc0) == 0x80)
      ++at;
  }
  return at;
}

// The scenario with that value in that field, and all others as they stand.
std::string with_value(std::string_view source, const SweepField& field, const SweepValue& value) {
  std::string text(source.substr(0, field.begin));
  return text.append(value.toml).append(source.substr(field.end));
}

// Why the scenario cannot be run with that value, and what would be right.
std::optional<std::pair<std::string, std::string>> refusal_of(std::string_view source,
                                                              const SweepField& field,
                                                              const SweepValue& value,
                                                              const SweepTrial& trial) {
  const ParsedScenario parsed = parse_scenario(with_value(source, field, value));
  if (!parsed.diagnostics.empty())
    return std::pair(parsed.diagnostics.front().message, parsed.diagnostics.front().hint);
  auto problem = trial(parsed.scenario);
  if (!problem) return std::nullopt;
  return std::pair(*std::move(problem), std::string());
}

void try_values(const SweepField& field, std::string_view source, const SweepTrial& trial,
                std::vector<Diagnostic>& diagnostics) {
  std::vector<SweepValue> values = field.values;
  if (field.draw)
    values = {amount_value(field.draw->low, field.draw->unit),
              amount_value(field.draw->high, field.draw->unit)};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto reason = refusal_of(source, field, values[i], trial);
    if (!reason) continue;
    // A range has two places for all its values.
    const bool listed = values.size() == field.value_places.size();
    Diagnostic refusal = field.value_places[listed ? i : i == 0 ? 0 : 1];
    refusal.message =
        "the scenario refuses " + values[i].shown + " in " + field.path + ": " + reason->first;
    refusal.hint = reason->second;
    diagnostics.push_back(std::move(refusal));
    return;
  }
}

}  // namespace

std::vector<Diagnostic> bind_sweep(SweepPlan& plan, std::string_view scenario_source,
                                   const SweepTrial& trial) {
  std::vector<Diagnostic> diagnostics;
  const toml::table root = toml::parse(scenario_source);
  const auto refuse = [&](const SweepField& field, std::string message, std::string hint) {
    Diagnostic refusal = field.place;
    refusal.message = std::move(message);
    refusal.hint = std::move(hint);
    diagnostics.push_back(std::move(refusal));
  };
  for (SweepField& field : plan.fields) {
    Found found = find_node(root, field.path);
    if (found.node == nullptr) {
      refuse(field, std::move(found.problem), std::move(found.hint));
      continue;
    }
    field.begin = byte_at(scenario_source, found.node->source().begin);
    field.end = byte_at(scenario_source, found.node->source().end);
    const bool twice = std::any_of(plan.fields.begin(), plan.fields.end(), [&](const auto& other) {
      return &other < &field && other.begin < field.end && field.begin < other.end;
    });
    if (twice) refuse(field, "\"" + field.path + "\" is varied twice", {});
  }
  for (const SweepField& field : plan.fields) {
    if (diagnostics.empty()) try_values(field, scenario_source, trial, diagnostics);
  }
  return diagnostics;
}

}  // namespace oomkit
