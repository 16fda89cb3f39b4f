// Month names of the languages that logs are printed in.
#pragma once

#include <optional>
#include <string_view>

namespace oomkit {

// 1 to 12 for "Nov", "nov.", "мая", "Février", "11月"; any case. Nothing for another word, a
// weekday for one.
std::optional<unsigned> month_of_name(std::string_view word);

}  // namespace oomkit
