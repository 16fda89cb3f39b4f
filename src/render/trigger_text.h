// `oom trigger`: whom sysrq f would kill, and whom it did.
#pragma once

#include <string>
#include <vector>

#include "model/oom_report.h"
#include "render/top_report.h"
#include "render/top_text.h"

namespace oomkit {

// What came of it, once it was asked for.
struct TriggerOutcome {
  std::vector<OomReport> reports;  // Of the kernel's log, asked for by sysrq f.
  std::string log_problem;         // Why the log could not be read; "" if it could.
};

// The kernel's choice is the one that was predicted, or equal to it; nothing if not known.
std::optional<bool> is_as_predicted(const TopReport& report, const TriggerOutcome& outcome);

// `outcome`: null before it is asked for.
std::string trigger_text(const TopReport& report, const TriggerOutcome* outcome,
                         const TopTextOptions& options);
// oomkit.trigger/1
std::string trigger_json(const TopReport& report, const TriggerOutcome* outcome, std::size_t rows);

}  // namespace oomkit
