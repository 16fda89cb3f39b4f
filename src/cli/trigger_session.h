// `oom trigger` from the host's state to the kernel's answer, with the doors it goes through
// as parameters, so that no test ever kills.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "io/byte_source.h"
#include "io/sysrq.h"
#include "render/top_report.h"
#include "render/trigger_text.h"

namespace oomkit {

// Whom sysrq f would kill on that host.
Result<TopReport> preview_trigger(Snapshot snapshot);

// Asks for it and listens to `log`, the kernel's from now on, for what came of it.
Result<TriggerOutcome> pull_trigger(SysrqDoor& door, Result<std::unique_ptr<LiveSource>> log);

}  // namespace oomkit
