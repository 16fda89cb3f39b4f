#include "import/placed_words.h"

#include <optional>
#include <utility>

#include "core/text.h"

namespace oomkit {
namespace {

class WordReader {
 public:
  WordReader(const PlacedText& text, bool splits) : text_(text), splits_(splits) {}

  std::optional<PlacedText> next() {
    while (splits_ && at_ < size() && is_space(text_.text[at_]))
      ++at_;
    if (at_ == size()) return std::nullopt;
    PlacedText word;
    while (at_ < size()) {
      const char c = text_.text[at_];
      if (quote_ == '\0' && splits_ && is_space(c)) break;
      if (c == quote_ || (quote_ == '\0' && (c == '"' || c == '\''))) {
        quote_ = quote_ == '\0' ? c : '\0';
        ++at_;
      } else {
        take(word, c);
      }
    }
    quote_ = '\0';
    word.offsets.push_back(text_.offset_at(at_));
    return word;
  }

 private:
  std::size_t size() const { return text_.text.size(); }

  // Between apostrophes a backslash is one; elsewhere it protects what ends words and quotes.
  void take(PlacedText& word, char c) {
    if (c == '\\' && quote_ != '\'' && at_ + 1 < size()) {
      const char after = text_.text[at_ + 1];
      const bool is_protected = after == '"' || after == '\\' || after == '\'' || is_space(after);
      if (is_protected) c = text_.text[++at_];
    }
    word.text += c;
    word.offsets.push_back(text_.offset_at(at_));
    ++at_;
  }

  const PlacedText& text_;
  bool splits_;
  std::size_t at_ = 0;
  char quote_ = '\0';
};

}  // namespace

PlacedText placed(std::string_view text, std::size_t begin) {
  PlacedText whole;
  whole.text = text;
  whole.offsets.reserve(text.size() + 1);
  for (std::size_t i = 0; i <= text.size(); ++i)
    whole.offsets.push_back(begin + i);
  return whole;
}

std::vector<PlacedText> placed_words(const PlacedText& text) {
  std::vector<PlacedText> words;
  WordReader reader(text, true);
  while (auto word = reader.next())
    words.push_back(*std::move(word));
  return words;
}

PlacedText unquoted(const PlacedText& text) {
  return WordReader(text, false).next().value_or(PlacedText{});
}

}  // namespace oomkit
