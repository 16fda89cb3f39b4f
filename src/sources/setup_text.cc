#include "sources/setup_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/lines.h"

namespace oomkit {
namespace {

// Names of parameters; Documentation/admin-guide/kernel-parameters.txt has them all.
constexpr std::array<std::string_view, 14> kMemoryOptions = {
    "cgroup.memory", "cgroup_disable",
    "cgroup_enable", "crashkernel",
    "hugepages",     "hugepagesz",
    "mem",           "memmap",
    "movablecore",   "numa",
    "panic",         "psi",
    "swapaccount",   "transparent_hugepage"};
constexpr std::string_view kSystemdCgroups = "systemd.unified_cgroup_hierarchy";
constexpr std::size_t kOptionsMax = 64;

}  // namespace

std::vector<std::string> parse_boot_options(std::string_view text) {
  std::vector<std::string> options;
  for (std::string_view word = take_word(text); !word.empty() && word != "--";
       word = take_word(text)) {
    const std::string_view name = word.substr(0, word.find('='));
    const bool wanted =
        name == kSystemdCgroups ||
        std::find(kMemoryOptions.begin(), kMemoryOptions.end(), name) != kMemoryOptions.end();
    if (wanted && options.size() < kOptionsMax) options.emplace_back(word);
  }
  return options;
}

std::optional<MemcgLimit> parse_core_limit(std::string_view text) {
  constexpr std::string_view kName = "Max core file size";
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.substr(0, kName.size()) != kName) continue;
    line.remove_prefix(kName.size());
    const std::string_view soft = take_word(line);
    if (soft == "unlimited") return MemcgLimit{};
    const auto number = whole_number<std::int64_t>(soft);
    if (!number || *number < 0) return std::nullopt;
    return MemcgLimit{Bytes(*number)};
  }
  return std::nullopt;
}

}  // namespace oomkit
