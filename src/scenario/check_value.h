// What a check speaks of, as the record of a run has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/run_record.h"
#include "scenario/scenario.h"

namespace oomkit {

struct CheckValue {
  std::string text;                    // A word, a whole file, or the number's digits.
  std::optional<std::int64_t> number;  // Amounts of memory in bytes.

  friend bool operator==(const CheckValue&, const CheckValue&) = default;
};

// Nothing when the record does not have it. A count of events or findings is always there.
std::optional<CheckValue> value_of(const CheckSubject& subject, const RunRecord& record);

// Why the check does not hold: "read.usage < 48M: got 52428800"; nothing when it does.
std::optional<std::string> difference_of(const Check& check, const RunRecord& record);

}  // namespace oomkit
