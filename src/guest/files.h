// The files that a scenario reads, made before it begins.
#pragma once

#include "core/result.h"
#include "guest/plan.h"

namespace oomkit::guest {

Status make_files(const Plan& plan);

}  // namespace oomkit::guest
