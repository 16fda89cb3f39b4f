// A character that TOML has no place for: one beyond ASCII outside of strings and comments.
//
// To be asked before a text is given to toml++: 3.3.0 takes such a character from U+00A1 to U+0499
// for one that cannot be, and what it then does is undefined (is_non_ascii_horizontal_whitespace).
#pragma once

#include <optional>
#include <string_view>

#include "core/diagnostic.h"

namespace oomkit {

// The first one. Nothing is said of what comes after a string without an end: no parser reads on.
std::optional<Diagnostic> letter_outside_of_strings(std::string_view toml);

}  // namespace oomkit
