// All runs of a matrix as one Markdown page: docs/LAB.md is made by it.
#pragma once

#include <string>
#include <vector>

#include "render/lab_text.h"

namespace oomkit {

struct LabKernel {
  std::string label;    // "6.1"
  std::string release;  // "6.1.0-50-cloud-amd64"
};

// Runs in the order of the experiments; of one experiment in the order of `kernels`.
std::string lab_markdown(const std::vector<LabKernel>& kernels, const std::vector<LabRun>& runs);

}  // namespace oomkit
