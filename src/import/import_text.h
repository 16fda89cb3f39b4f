// Small texts that importers share: places, numbers, TOML strings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.h"

namespace oomkit {

// More errors than this help nobody.
inline constexpr std::size_t kImportErrorsMax = 50;

// Where in a text its bytes are: lines and columns.
class ImportPlaces {
 public:
  explicit ImportPlaces(std::string_view text);

  std::size_t line(std::size_t offset) const;
  Diagnostic diagnostic(std::size_t offset, std::size_t length, std::string message,
                        std::string hint) const;

 private:
  std::vector<std::size_t> begins_;  // Of the lines.
};

// A whole text as a finite number that is not negative; nothing if anything else is in it.
std::optional<double> import_number(std::string_view text);

// As short as it reads back, without an exponent: "2.5".
std::string import_number_text(double number);
// "30s", "1500ms"; never more than a day.
std::string import_time_text(double seconds);

// " for 30s"; nothing for no time at all.
std::string import_lasting_text(double seconds);

// A TOML string: between apostrophes where that can be, so that patterns stay readable.
std::string toml_string(std::string_view text);

// Without what would end a comment: control characters become blanks.
std::string comment_text(std::string_view text);

// `name` as a regular expression that finds exactly it.
std::string quoted_pattern(std::string_view name);

}  // namespace oomkit
