// The kernel inside its image, unpacked on the host.
//
// A bzImage unpacks itself first, which emulated takes 2 s of the 5 s that a boot takes, as
// it is the processor's work alone; here it is a tenth of a second. QEMU starts the ELF file
// that comes out through the PVH entry point that kernels since 4.21 have for the purpose
// (Documentation/arch/x86/boot.rst, "XEN_ELFNOTE_PHYS32_ENTRY"). It is the same kernel at the
// address it was linked for: only the randomisation of that address is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace oomkit {

// The ELF file in a bzImage; nothing if it is not there in a form that is known, or has no
// PVH entry point: then the image is booted as it is.
std::optional<std::string> unpack_kernel(std::string_view image);

// Whether an ELF file has the note that QEMU starts it by.
bool has_pvh_entry(std::string_view elf);

}  // namespace oomkit
