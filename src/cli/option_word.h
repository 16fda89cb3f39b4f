// Words that options and commands take: what is refused says what would be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/process_environment.h"

namespace oomkit {

// "; did you mean --output?", or nothing if no known word is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

// "--format \"xml\": expected text, json, html or markdown".
tl::unexpected<Error> refuse_word(std::string_view option, std::string_view word,
                                  const std::vector<std::string>& expected);

// The index of `word` in `expected`, or a refusal.
Result<std::size_t> chosen_word(std::string_view option, std::string_view word,
                                const std::vector<std::string>& expected);

// What --color means for a result that goes to this terminal, or to a file.
Result<bool> wants_colour(std::string_view word, const Terminal& terminal, bool to_file);

// The terminal's width within reason, or what is right where there is none.
int result_columns(const Terminal& terminal);

}  // namespace oomkit
