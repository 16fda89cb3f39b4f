#include "core/diagnostic.h"

#include <algorithm>
#include <vector>

namespace oomkit {
namespace {

std::string_view source_line(std::string_view source, std::size_t line) {
  for (std::size_t skip = 1; skip < line; ++skip) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  std::string_view text = source.substr(0, source.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Tabs and control characters as one blank each, so that the caret stands right.
std::string shown(std::string_view text) {
  std::string plain(text);
  std::replace_if(
      plain.begin(), plain.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return plain;
}

// Damerau's distance, restricted: insertions, deletions, changes, swapped neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> here(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    here[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      here[j] = std::min({last[j] + 1, here[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        here[j] = std::min(here[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, here);
  }
  return last[b.size()];
}

}  // namespace

std::string diagnostic_text(const Diagnostic& diagnostic, std::string_view file_name,
                            std::string_view source) {
  std::string text(file_name);
  if (diagnostic.line == 0)
    return text + ": " + diagnostic.message + "\n" +
           (diagnostic.hint.empty() ? "" : "  " + diagnostic.hint + "\n");
  text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column) + ": " +
          diagnostic.message + "\n";
  const std::string line = shown(source_line(source, diagnostic.line));
  const std::string number = std::to_string(diagnostic.line);
  const std::string margin(number.size() < 5 ? 5 - number.size() : 0, ' ');
  text += margin + number + " | " + line + "\n";
  text += std::string(margin.size() + number.size(), ' ') + " | ";
  const std::size_t begin =
      std::min(diagnostic.column > 0 ? diagnostic.column - 1 : 0, line.size());
  const std::size_t length =
      std::clamp<std::size_t>(diagnostic.length, 1, std::max<std::size_t>(1, line.size() - begin));
  text += std::string(begin, ' ') + std::string(length, '^');
  if (!diagnostic.hint.empty()) text += " " + diagnostic.hint;
  return text + "\n";
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kWordMax = 64;  // Nobody mistypes a longer key; keeps the table small.
  if (word.size() > kWordMax) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t found = distance(word, candidate);
    if (found < best_distance) {
      best_distance = found;
      best = candidate;
    }
  }
  return best;
}

}  // namespace oomkit
