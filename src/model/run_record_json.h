// RunRecord to "oomkit.run/1" and back. Sizes are in bytes, unknown is null.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "model/run_record.h"

namespace oomkit {

std::string to_json(const RunRecord& record);

// Refuses what is no oomkit.run/1 document, naming the byte or the member that is wrong.
// Unknown members are ignored: newer versions add some.
Result<RunRecord> parse_run_record(std::string_view json);

}  // namespace oomkit
