// Small helpers for texts of the policy in which words stand beside each other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace oomkit {

struct PolicyWord {
  std::string_view text;
  std::size_t offset = 0;
};

// Words between blanks.
inline std::vector<PolicyWord> policy_words(std::string_view text) {
  std::vector<PolicyWord> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find_first_not_of(" \t\n\r", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\n\r", begin), text.size());
    words.push_back({text.substr(begin, end - begin), begin});
    at = end;
  }
  return words;
}

}  // namespace oomkit
