// What is said to the person beside the result: on stderr, one line each.
#pragma once

#include <string_view>

namespace oomkit {

// "oom explain: kern.log: cannot read: Permission denied". Control characters of file
// names and arguments are spelled out.
void complain(std::string_view command, std::string_view sentence);

// Text of several lines, escaped already where it must be.
void say(std::string_view text);

}  // namespace oomkit
