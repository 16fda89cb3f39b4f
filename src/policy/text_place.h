// Where byte `offset` of a string's value is in the file that it was written in.
//
// A condition is a TOML string; an error in it is wanted at its own column, not at that of the
// string, whatever quotes and escapes the string is written with.
#pragma once

#include <cstddef>
#include <string_view>

#include <toml++/toml.h>

#include "core/diagnostic.h"

namespace oomkit {

// A diagnostic for `length` bytes of the value; without message and hint.
Diagnostic place_in_text(std::string_view source, const toml::source_region& region,
                         std::size_t offset, std::size_t length);

}  // namespace oomkit
