// The style sheet of the page: light and dark by the reader's setting, and print.
#pragma once

#include <string_view>

namespace oomkit {

std::string_view html_style();

}  // namespace oomkit
