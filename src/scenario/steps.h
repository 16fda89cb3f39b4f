// The steps of a process, from their TOML tables.
#pragma once

#include <vector>

#include "scenario/scenario.h"
#include "scenario/table_reader.h"

namespace oomkit {

// Reads the "steps" of `owner`, whose name stands in the messages. Steps that make no
// sense are noted and left out. Children of forks may fork again, to a depth of four.
std::vector<Step> read_steps(TableReader& owner, std::vector<Diagnostic>& diagnostics,
                             int depth = 0);

}  // namespace oomkit
