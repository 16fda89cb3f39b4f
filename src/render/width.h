// How many columns of a terminal a text takes.
//
// A process name may be written in any script: combining marks take no column, CJK and
// emoji take two. A small table of ranges is enough for alignment, and unlike wcwidth()
// it does not depend on the reader's locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oomkit {

std::size_t width_of(char32_t c);

// Of text that is already visible (render/escape.h): no control characters.
std::size_t display_width(std::string_view text);

// The longest beginning that fits into `columns`; whole code points only.
std::string_view fitting(std::string_view text, std::size_t columns);

void append_spaces(std::string& out, std::size_t count);

// "name      " and "      name"; longer text is not cut.
void append_left(std::string& out, std::string_view text, std::size_t columns);
void append_right(std::string& out, std::string_view text, std::size_t columns);

// Cuts from the end ("a-very-long-na…") to at most `columns`.
std::string shortened(std::string_view text, std::size_t columns);

}  // namespace oomkit
