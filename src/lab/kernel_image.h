// Which kernel a rehearsal boots: found by a word, looked at before anything is started.
//
//   "6.1"           of the fetched kernels (./dev kernels): the folder of that name, else
//                   the newest whose release begins with these components
//   "host"          the kernel that runs here
//   "./vmlinuz"     anything with a slash in it: that file
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace oomkit {

struct KernelImage {
  std::string label;  // What people call it: "6.1", "host", the file's name.
  std::string path;
  std::string release;         // "6.1.0-50-cloud-amd64", from the image itself.
  std::string modules_folder;  // "": none is known.
};

// OOMKIT_KERNELS, else "kernels" in the user's cache folder.
std::string kernels_folder();

// The names of the fetched kernels, oldest first.
std::vector<std::string> fetched_kernels();

// An error names what is missing and where it comes from.
Result<KernelImage> find_kernel(const std::string& word);

// The version string of an x86 Linux image (bzImage) by its first bytes; an error says
// what they are not.
Result<std::string> release_of_image(std::string_view first_bytes);

inline constexpr std::size_t kImageHeadBytes = 128UL * 1024;

}  // namespace oomkit
