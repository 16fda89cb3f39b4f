#include "cli/option_word.h"

#include <algorithm>

#include "core/diagnostic.h"

namespace oomkit {
namespace {

constexpr int kColumnsWithoutTerminal = 100;
constexpr int kColumnsMax = 160;

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string_view meant = nearest(word, candidates);
  return meant.empty() ? std::string() : "; did you mean " + std::string(meant) + "?";
}

tl::unexpected<Error> refuse_word(std::string_view option, std::string_view word,
                                  const std::vector<std::string>& expected) {
  std::string sentence(option);
  sentence += " \"";
  sentence += word;
  sentence += "\": expected ";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (i != 0) sentence += i + 1 == expected.size() ? " or " : ", ";
    sentence += expected[i];
  }
  return fail(ErrorCode::usage, sentence + suggestion(word, expected));
}

Result<std::size_t> chosen_word(std::string_view option, std::string_view word,
                                const std::vector<std::string>& expected) {
  const auto found = std::find(expected.begin(), expected.end(), word);
  if (found == expected.end()) return refuse_word(option, word, expected);
  return static_cast<std::size_t>(found - expected.begin());
}

Result<bool> wants_colour(std::string_view word, const Terminal& terminal, bool to_file) {
  if (word == "always") return true;
  if (word == "never") return false;
  if (word == "auto") return terminal.colour_wanted && !to_file;
  return refuse_word("--color", word, {"auto", "always", "never"});
}

int result_columns(const Terminal& terminal) {
  return std::min(terminal.columns.value_or(kColumnsWithoutTerminal), kColumnsMax);
}

}  // namespace oomkit
