// One TOML table, read key by key, with every way it can be wrong noted at its place.
//
// Asking for a key also makes it known: what was never asked for is unknown and is
// refused in finish() with the nearest known one. Reading never stops at an error, so a
// person sees all of them at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "core/diagnostic.h"
#include "core/units.h"

namespace oomkit {

// A whole file: `read` is shown its table, or why there is none is noted. What is noted stands in
// the file's order afterwards.
void read_toml(std::string_view source, std::vector<Diagnostic>& diagnostics,
               const std::function<void(const toml::table&)>& read);

class TableReader {
 public:
  // `where` names the table in messages: "[host]", "[[process]] leaky".
  TableReader(const toml::table& table, std::string where, std::vector<Diagnostic>& diagnostics)
      : table_(&table), where_(std::move(where)), diagnostics_(&diagnostics) {}

  bool has(std::string_view key) { return node(key) != nullptr; }
  std::optional<std::string> text(std::string_view key);
  // The string, if it is one: for values of several forms. Notes nothing.
  std::optional<std::string> peek_text(std::string_view key);
  // The list of strings, if it is one. Notes nothing.
  std::optional<std::vector<std::string>> peek_texts(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key,
                                      std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                                      std::int64_t high = std::numeric_limits<std::int64_t>::max());
  bool has_integer(std::string_view key) const;
  std::optional<bool> flag(std::string_view key);
  std::optional<Bytes> size(std::string_view key);
  std::optional<std::chrono::milliseconds> duration(std::string_view key);
  std::optional<std::vector<std::string>> texts(std::string_view key);
  std::size_t line() const { return table_->source().begin.line; }
  // The place of a key's value, or of the table if it has no such key.
  Diagnostic place(std::string_view key) const;
  // The place of item `index` of a list.
  Diagnostic place_in_list(std::string_view key, std::size_t index) const;
  const toml::table* table(std::string_view key);
  // Each table of an array of tables (or of inline tables), with its number from 0.
  void each_table(std::string_view key,
                  const std::function<void(const toml::table&, std::size_t)>& visit);

  // The value as the kernel's files take it: a string, a number or a boolean as 1 or 0.
  static std::optional<std::string> scalar_text(const toml::node& node);

  void refuse(std::string_view key, std::string message, std::string hint = {});
  void refuse_here(std::string message, std::string hint = {});
  void finish();

  // Keys asked for only to find out what a table is do not make it known.
  void forget_known() { known_.clear(); }
  void rename(std::string where) { where_ = std::move(where); }
  const std::string& where() const { return where_; }

 private:
  const toml::node* node(std::string_view key);
  void refuse_type(std::string_view key, const char* expected);

  const toml::table* table_;
  std::string where_;
  std::vector<Diagnostic>* diagnostics_;
  std::vector<std::string_view> known_;
};

// A diagnostic at a region of the source.
Diagnostic diagnostic_at(const toml::source_region& region, std::string message,
                         std::string hint = {});

}  // namespace oomkit
