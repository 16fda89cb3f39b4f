// Paragraphs into lines of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oomkit {

// Appends `text` (visible, render/escape.h) wrapped at blanks into lines of at most
// `columns`, each with `indent` blanks before it; the first line stands where the caller
// has written `used` columns already. A word longer than a line is broken. Ends with a
// newline.
void append_wrapped(std::string& out, std::string_view text, std::size_t columns,
                    std::size_t indent, std::size_t used);

// All lines indented alike.
inline void append_paragraph(std::string& out, std::string_view text, std::size_t columns,
                             std::size_t indent) {
  out.append(indent, ' ');
  append_wrapped(out, text, columns, indent, indent);
}

}  // namespace oomkit
