// What `oom doctor` says, as text: what is wrong first, each with its reason and its commands,
// then one line for what is fine.
#pragma once

#include <cstddef>
#include <string>

#include "doctor/diagnosis.h"

namespace oomkit {

struct DoctorTextOptions {
  std::size_t columns = 80;
  bool colour = false;
};

std::string doctor_text(const Snapshot& snapshot, const DoctorReport& report,
                        const DoctorTextOptions& options);

// oomkit.doctor/1
std::string doctor_json(const Snapshot& snapshot, const DoctorReport& report);

}  // namespace oomkit
