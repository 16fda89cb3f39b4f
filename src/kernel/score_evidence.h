// What the printed "score N" of 2.6.36 to 5.1 tells beyond it.
//
// The score is the chosen task's points per mille of totalpages, both as the kernel had
// them. A table has the task's own terms, so the score decides what the log leaves open:
// whether user 0 really had root's discount (in a container it has not), whether a stable
// or distribution kernel had taken back the discount of 3.14, and what totalpages was
// where swap, which a memcg's report does not show, is part of it.
#pragma once

#include "kernel/badness.h"
#include "model/oom_report.h"

namespace oomkit {

struct ScoreEvidence {
  KernelVersion version;  // As given, or the one whose rule gives the score.
  BadnessContext context;
  bool confirmed = false;         // The score computed with these is the one printed.
  bool totalpages_found = false;  // context.totalpages was worked out from the score.
};

// `context` and `version` as they are where the report has no score, or its row is missing.
// `totals_exact`: its totalpages is beyond doubt.
ScoreEvidence settle_by_score(const OomReport& report, const KernelVersion& version,
                              const BadnessContext& context, bool totals_exact);

}  // namespace oomkit
