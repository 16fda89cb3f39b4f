// Who asked for the memory that was not there, and what for. The asker is whoever came
// by at the wrong moment: neither the victim nor the culprit by that alone.
#pragma once

#include "explain/context.h"
#include "explain/explanation.h"

namespace oomkit {

// Fills who_asked, trigger_task and trigger_in_victim.
void identify_trigger(Explanation& explanation, const Context& context);

// Why the asking thread is, or is not, said to belong to a process of the table; a
// sentence, or "" where there is nothing to say.
std::string trigger_thread_sentence(const Context& context);

// "one page (4.0 KiB)", "8 pages in a row (32.0 KiB, order 3)".
std::string pages_of_order(int order, std::optional<PageSize> page_size);

}  // namespace oomkit
