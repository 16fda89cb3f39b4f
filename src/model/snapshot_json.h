// Snapshot to "oomkit.snapshot/1" and back. Sizes are in bytes, unknown is null.
//
// Amounts that the kernel counts in pages are given in bytes of the snapshot's page size,
// of 4096 where that is not known. A process name that is no UTF-8 comes back with
// replacement characters: JSON has no place for such bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "model/snapshot.h"

namespace oomkit {

std::string to_json(const Snapshot& snapshot);

// Refuses what is no oomkit.snapshot/1 document, naming the byte or the member that is
// wrong. Unknown members are ignored: newer versions add some.
Result<Snapshot> parse_snapshot(std::string_view json);

}  // namespace oomkit
