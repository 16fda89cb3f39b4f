// Which bytes are UTF-8. Logs, names of processes and paths may be anything.
#pragma once

#include <cstddef>
#include <string_view>

namespace oomkit {

// Length of the well-formed UTF-8 sequence that `text` begins with, 0 if it is none.
std::size_t utf8_length(std::string_view text);

// Whether all of it is well-formed.
bool is_utf8(std::string_view text);

}  // namespace oomkit
