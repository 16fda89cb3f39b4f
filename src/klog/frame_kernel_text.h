// Are these words the kernel's, with no frame around them?
//
// Asked only where a prefix could be a frame or could be part of the text ("1: ",
// "messages:", "> "): such a prefix is taken off only in front of another frame or of
// something that a kernel says around an OOM. Nothing is interpreted here.
#pragma once

#include <string_view>

namespace oomkit {

// Leading blanks do not matter.
bool looks_like_kernel_text(std::string_view text);

// As above, judged by the first words alone.
bool begins_like_kernel_text(std::string_view text);

// "[  1234]     0  1234 ..." and "[ pid ]   uid  tgid ...": a task table's lines.
bool looks_like_task_row(std::string_view text);

}  // namespace oomkit
