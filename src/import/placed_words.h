// A command line taken apart as systemd and shells do, each word with its place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

// Text that came out of another one: which byte of that each of its bytes was.
struct PlacedText {
  std::string text;
  std::vector<std::size_t> offsets;  // One more than bytes: the last is where the text ends.

  std::size_t offset_at(std::size_t byte) const {
    return offsets.empty() ? 0 : offsets[byte < offsets.size() ? byte : offsets.size() - 1];
  }
};

PlacedText placed(std::string_view text, std::size_t begin);

// Words between blanks; quotes and backslashes are taken off. A quote that is never closed ends
// with the text.
std::vector<PlacedText> placed_words(const PlacedText& text);

// The same of a single value, blanks and all: what VALUE is in NAME="VALUE".
PlacedText unquoted(const PlacedText& text);

}  // namespace oomkit
