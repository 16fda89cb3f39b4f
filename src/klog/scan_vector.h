// The vector scanners, for scan.cc to choose from. Same contract as scan_fast().
#pragma once

#include "klog/scan.h"

#if defined(__x86_64__)

namespace oomkit::scan {

// Only where the processor has AVX2, or AVX-512 with F, BW and VBMI.
ScanResult scan_avx2(std::string_view block, std::size_t from);
ScanResult scan_avx512(std::string_view block, std::size_t from);

}  // namespace oomkit::scan

#endif
