#include "scenario/table_reader.h"

#include <algorithm>
#include <utility>

#include "core/size_text.h"
#include "core/toml_letters.h"
#include "scenario/units.h"

namespace oomkit {

// toml++ is used with exceptions, which end here: without them it goes on after its first
// error (3.3.0).
void read_toml(std::string_view source, std::vector<Diagnostic>& diagnostics,
               const std::function<void(const toml::table&)>& read) {
  if (auto letter = letter_outside_of_strings(source)) {
    diagnostics.push_back(*std::move(letter));
    return;
  }
  try {
    read(toml::parse(source));
  } catch (const toml::parse_error& error) {
    diagnostics.push_back(diagnostic_at(error.source(), std::string(error.description())));
    return;
  }
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return a.line != b.line ? a.line < b.line : a.column < b.column;
                   });
}

Diagnostic diagnostic_at(const toml::source_region& region, std::string message, std::string hint) {
  Diagnostic diagnostic;
  diagnostic.line = region.begin.line;
  diagnostic.column = region.begin.column;
  diagnostic.length =
      region.end.line == region.begin.line && region.end.column > region.begin.column
          ? region.end.column - region.begin.column
          : 1;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  return diagnostic;
}

const toml::node* TableReader::node(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return table_->get(key);
}

void TableReader::refuse(std::string_view key, std::string message, std::string hint) {
  const toml::node* value = table_->get(key);
  diagnostics_->push_back(diagnostic_at(value != nullptr ? value->source() : table_->source(),
                                        std::move(message), std::move(hint)));
}

void TableReader::refuse_here(std::string message, std::string hint) {
  diagnostics_->push_back(diagnostic_at(table_->source(), std::move(message), std::move(hint)));
}

void TableReader::refuse_type(std::string_view key, const char* expected) {
  refuse(key, where_ + ": \"" + std::string(key) + "\" must be " + expected);
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const toml::node* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->as_string()) return text->get();
  refuse_type(key, "a string");
  return std::nullopt;
}

std::optional<std::string> TableReader::peek_text(std::string_view key) {
  const toml::node* value = node(key);
  const auto* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::nullopt : std::optional(text->get());
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t low,
                                                 std::int64_t high) {
  const toml::node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto* number = value->as_integer();
  if (number == nullptr) {
    refuse_type(key, "a whole number");
    return std::nullopt;
  }
  if (number->get() < low || number->get() > high) {
    refuse(key, where_ + ": \"" + std::string(key) + "\" is " + std::to_string(number->get()),
           "expected " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
  }
  return number->get();
}

bool TableReader::has_integer(std::string_view key) const {
  const toml::node* value = table_->get(key);
  return value != nullptr && value->is_integer();
}

std::optional<bool> TableReader::flag(std::string_view key) {
  const toml::node* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = value->as_boolean()) return flag->get();
  refuse_type(key, "true or false");
  return std::nullopt;
}

std::optional<Bytes> TableReader::size(std::string_view key) {
  const toml::node* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = value->as_integer(); number != nullptr && number->get() >= 0)
    return Bytes(number->get());
  const auto* text = value->as_string();
  if (text == nullptr) {
    refuse_type(key, "a size such as \"80M\", or bytes");
    return std::nullopt;
  }
  auto size = parse_size(text->get());
  if (size) return *size;
  refuse(key, size.error().what, "sizes are written \"80M\", \"1.5G\" or in bytes");
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> TableReader::duration(std::string_view key) {
  const toml::node* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto* text = value->as_string();
  if (text == nullptr) {
    refuse_type(key, "a time such as \"250ms\" or \"1s\"");
    return std::nullopt;
  }
  auto duration = parse_duration(text->get());
  if (duration) return *duration;
  refuse(key, duration.error().what);
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::peek_texts(std::string_view key) {
  const toml::node* value = node(key);
  const toml::array* array = value == nullptr ? nullptr : value->as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> found;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (text == nullptr) return std::nullopt;
    found.push_back(text->get());
  }
  return found;
}

std::optional<std::vector<std::string>> TableReader::texts(std::string_view key) {
  if (node(key) == nullptr) return std::nullopt;
  auto found = peek_texts(key);
  if (!found) refuse_type(key, "a list of strings");
  return found;
}

Diagnostic TableReader::place(std::string_view key) const {
  const toml::node* value = table_->get(key);
  return diagnostic_at(value != nullptr ? value->source() : table_->source(), "");
}

Diagnostic TableReader::place_in_list(std::string_view key, std::size_t index) const {
  const toml::node* value = table_->get(key);
  const toml::array* array = value == nullptr ? nullptr : value->as_array();
  const bool there = array != nullptr && index < array->size();
  return diagnostic_at(there ? array->get(index)->source() : table_->source(), "");
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* value = node(key);
  if (value == nullptr) return nullptr;
  if (value->as_table() == nullptr) refuse_type(key, "a table");
  return value->as_table();
}

void TableReader::each_table(std::string_view key,
                             const std::function<void(const toml::table&, std::size_t)>& visit) {
  const toml::node* value = node(key);
  if (value == nullptr) return;
  const toml::array* array = value->as_array();
  if (array == nullptr) return refuse_type(key, "a list of tables");
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (const toml::table* table = (*array)[i].as_table()) {
      visit(*table, i);
    } else {
      diagnostics_->push_back(
          diagnostic_at((*array)[i].source(),
                        where_ + ": each item of \"" + std::string(key) + "\" must be a table"));
    }
  }
}

std::optional<std::string> TableReader::scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "1" : "0";
  return std::nullopt;
}

void TableReader::finish() {
  for (const auto& [key, value] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    std::string hint;
    if (const std::string_view meant = nearest(key.str(), known_); !meant.empty()) {
      hint = "did you mean \"" + std::string(meant) + "\"?";
    } else {
      for (const std::string_view known : known_)
        hint += (hint.empty() ? "known here: " : ", ") + std::string(known);
    }
    diagnostics_->push_back(diagnostic_at(
        key.source(), "unknown key \"" + std::string(key.str()) + "\" in " + where_, hint));
  }
}

}  // namespace oomkit
