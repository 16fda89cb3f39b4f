#include "render/wrap.h"

#include "render/width.h"

namespace oomkit {

void append_wrapped(std::string& out, std::string_view text, std::size_t columns,
                    std::size_t indent, std::size_t used) {
  bool line_has_words = false;
  std::size_t at_column = used;
  const auto new_line = [&] {
    out += '\n';
    append_spaces(out, indent);
    at_column = indent;
    line_has_words = false;
  };
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (word.empty()) continue;
    std::size_t width = display_width(word);
    if (line_has_words && at_column + 1 + width > columns) new_line();
    if (line_has_words) {
      out += ' ';
      ++at_column;
    }
    if (at_column >= columns && at_column > indent) new_line();
    while (at_column + width > columns && columns > indent + 1) {
      const std::string_view piece = fitting(word, columns - at_column);
      if (piece.empty() || piece.size() == word.size()) break;
      out += piece;
      word.remove_prefix(piece.size());
      width = display_width(word);
      new_line();
    }
    out += word;
    at_column += width;
    line_has_words = true;
  }
  out += '\n';
}

}  // namespace oomkit
