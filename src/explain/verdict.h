// The verdict: what a tired person needs at three in the morning, in plain sentences. Who
// died and when, what ran out, what filled it, whether the victim is to blame, what first.
#pragma once

#include "explain/context.h"
#include "explain/explanation.h"

namespace oomkit {

// Fills verdict and headline; everything else of the explanation is there already.
void give_verdict(Explanation& explanation, const Context& context);

}  // namespace oomkit
