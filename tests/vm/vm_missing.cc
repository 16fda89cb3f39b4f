#include "vm_missing.h"

#include "io/machine.h"
#include "lab/kernel_image.h"

namespace oomkit {

std::string missing_for_vms() {
  if (!find_program("qemu-system-x86_64"))
    return "qemu-system-x86_64 is not in PATH (package qemu-system-x86)";
  if (fetched_kernels().empty()) return "no kernels are fetched (./dev kernels)";
  return "";
}

}  // namespace oomkit
