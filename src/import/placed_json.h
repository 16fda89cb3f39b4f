// JSON, comments allowed, each value with its place: what oomd's configuration is read by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "core/diagnostic.h"
#include "import/import_text.h"

namespace oomkit {

struct PlacedJson {
  enum class Kind : std::uint8_t { null, flag, number, text, array, object };
  Kind kind = Kind::null;
  std::string text;        // Of texts; flags and numbers as they would be written.
  std::size_t offset = 0;  // Of its last byte in the source, at most one off.
  std::size_t length = 1;
  std::vector<PlacedJson> items;
  std::vector<std::string> keys;  // Of an object: what its items are called, in the same order.

  bool is_object() const { return kind == Kind::object; }
  bool is_array() const { return kind == Kind::array; }
  // Numbers and flags are taken for texts, as oomd does.
  bool is_scalar() const {
    return kind == Kind::text || kind == Kind::flag || kind == Kind::number;
  }
  const PlacedJson* find(std::string_view name) const;  // The last of that name, or nothing.
};

tl::expected<PlacedJson, Diagnostic> parse_placed_json(std::string_view source,
                                                       const ImportPlaces& places);

}  // namespace oomkit
