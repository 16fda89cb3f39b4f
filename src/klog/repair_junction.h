// Is a line the rest of the one before it, and what stood between the two?
//
// Mailers wrap at a blank, terminals in mid-word at a column, torn prints of old kernels
// anywhere. The grammar of the line decides: two halves belong together if together they
// say more of what such a line can say, and the blank between them goes back where the
// words need it.
#pragma once

#include <string_view>

#include "klog/line_kind.h"

namespace oomkit {

enum class Junction {
  none,    // The line is not the rest of the other.
  glue,    // It was cut in mid-word.
  blank,   // It was cut at a blank.
  either,  // It is the rest, and the words do not tell how it was cut.
};

struct JunctionContext {
  std::size_t task_columns = 0;  // Numbers behind the bracket of a task row; 0: not known.
  bool next_framed = false;      // The second half has a frame of its own.
  // How other lines of this log were wrapped, for certain.
  bool cut_at_blanks = false;
  bool cut_in_words = false;
};

Junction junction(LineKind kind, std::string_view first, std::string_view next,
                  const JunctionContext& context);

}  // namespace oomkit
