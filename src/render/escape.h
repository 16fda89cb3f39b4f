// Text from a log, made harmless for the place that it is shown in.
//
// A process may call itself "\x1b]0;pwned\x07", "<script>" or a name that a
// right-to-left override turns around; a cgroup path may hold newlines. Nothing of that
// reaches a terminal, a page or a ticket: what is not plainly visible is spelled out
// ("\x1b", "\u202e"), bytes that are no UTF-8 become U+FFFD, and the result is always one
// line of well-formed UTF-8. JSON has its own escaping in core/json_writer.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oomkit {

// For a terminal, and the first step for every other place.
void append_visible(std::string& out, std::string_view text);
std::string visible(std::string_view text);

// For HTML text and for attributes in double or single quotes.
void append_html(std::string& out, std::string_view text);
std::string html(std::string_view text);

// For a paragraph or a table cell of Markdown: nothing in `text` formats anything.
void append_markdown(std::string& out, std::string_view text);
std::string markdown(std::string_view text);

// The code point that `text` begins with, and its length in bytes: U+FFFD and 1 for a
// byte that begins no well-formed sequence, length 0 at the end.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};
CodePoint first_code_point(std::string_view text);

}  // namespace oomkit
