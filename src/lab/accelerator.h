// KVM where it works, emulation where it does not: found out by trying.
//
// That /dev/kvm is there and opens says little: in many virtual machines a guest started
// with it hangs at its first instruction. So the first run after each boot of this machine
// starts its guest with KVM for some seconds; whether it came to say hello is remembered in
// the user's cache folder.
#pragma once

#include "lab/vm.h"

namespace oomkit {

// `run` is what would be started; its accelerator does not matter.
Accelerator choose_accelerator(const VmRun& run);

}  // namespace oomkit
