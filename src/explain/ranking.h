// The kernel's choice, made again from the log's own table.
#pragma once

#include "explain/context.h"
#include "explain/explanation.h"

namespace oomkit {

// Fills ranking, predicted and predicted_agrees of `explanation`, and the context's
// judgement, where the table and the totals allow it.
void rank_victims(Explanation& explanation, Context& context);

// Processes of one name, the largest sum first; empty unless some name has several.
std::vector<NameSum> sum_by_name(const Context& context, std::size_t names_max);

// The rank of that row, from 1; nothing if it is not ranked.
std::optional<std::size_t> rank_of_row(const Ranking& ranking, std::size_t row);
const RankedTask* ranked(const Ranking& ranking, std::size_t row);

}  // namespace oomkit
