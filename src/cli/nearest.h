// "Did you mean": the word of a list that a mistyped one is closest to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

// Nothing if none is close: more than a third of the letters differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace oomkit
