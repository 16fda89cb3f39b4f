// The list of checks: the one table that a new check is added to, beside its own file.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "doctor/diagnosis.h"
#include "doctor/facts.h"

namespace oomkit {

struct CheckEntry {
  std::string_view id;     // As in the output, for good: scripts look for it.
  std::string_view about;  // What it looks at, for the documentation.
  // Nothing where the check does not apply to this host: zram where there is none.
  std::optional<Diagnosis> (*run)(const Facts&);
};

std::span<const CheckEntry> check_catalogue();

}  // namespace oomkit
