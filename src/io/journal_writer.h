// Entries of our own in the journal, with fields that can be searched for.
#pragma once

#include <span>
#include <string>

namespace oomkit {

// Whether our output goes there anyway: a service, whose lines are entries already.
bool is_journal_our_output();
// Each "FIELD=value". 0, or the kernel's number.
int write_journal_entry(std::span<const std::string> fields);

}  // namespace oomkit
