// What an allocation asked for: gfp masks by kernel generation, in words.
//
// include/linux/gfp.h (gfp_types.h from 6.0). The bits moved often, so a mask without
// its symbolic text is decoded by the layout of the kernel that printed it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/kernel_version.h"

namespace oomkit {

enum class GfpLayout { l0, l1, l2, l3, l4, l5 };  // Tables of ../docs/KERNEL.md.

GfpLayout gfp_layout(const KernelVersion& version);

// The flags by name ("GFP_KERNEL", "__GFP_ZERO", "0x4000000" for the unknown rest).
std::vector<std::string> decode_gfp(std::uint64_t mask, GfpLayout layout);

// "GFP_KERNEL|__GFP_ZERO" split at the bars.
std::vector<std::string> split_gfp_text(std::string_view text);

// What matters of a request for the question which zones could serve it.
struct GfpMeaning {
  bool user = false;  // A page for a process (HIGHUSER), movable or not.
  bool movable = false;
  bool page_cache_write = false;
  bool accounted = false;  // A kernel object, charged to the memcg (__GFP_ACCOUNT).
  bool atomic = false;     // May not wait.
  bool dma = false, dma32 = false, highmem = false;
  bool empty = false;    // 0: the page-fault path forgot the mask (VM_FAULT_OOM).
  std::string sentence;  // "an ordinary page for a process"
};
GfpMeaning explain_gfp(const std::vector<std::string>& flags);

}  // namespace oomkit
