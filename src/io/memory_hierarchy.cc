#include "io/memory_hierarchy.h"

#include <cstddef>
#include <vector>

#include "core/lines.h"
#include "core/text.h"
#include "io/machine.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextMax = std::size_t{1} << 20;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// "\040" for a blank, as mountinfo writes it.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    Cursor cursor(text.substr(i, 4));
    if (cursor.take("\\") && cursor.rest().size() == 3) {
      if (const auto byte = cursor.take_integer<unsigned>(8); byte && cursor.at_end()) {
        out += static_cast<char>(*byte);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

struct Mount {
  std::string root;   // Of the hierarchy, what is mounted: "/" but in containers.
  std::string point;  // Where.
};

// Version 1 with that controller among its options; version 2 for "".
std::optional<Mount> find_mount(std::string_view mounts, std::string_view controller) {
  for (const std::string_view line : split(mounts, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 6 || after.size() < 3) continue;
    const bool found = controller.empty() ? after[0] == "cgroup2"
                                          : after[0] == "cgroup" && list_has(after[2], controller);
    if (found) return Mount{unescaped(before[3]), unescaped(before[4])};
  }
  return std::nullopt;
}

// "4:memory:/user.slice" of version 1, "0::/user.slice" of version 2.
std::optional<std::string_view> own_path(std::string_view cgroups, std::string_view controller) {
  for (const std::string_view line : split(cgroups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool found = controller.empty() ? controllers.empty() : list_has(controllers, controller);
    if (found) return line.substr(second + 1);
  }
  return std::nullopt;
}

std::string text_of(const char* path) {
  return read_whole(path, kTextMax).value_or("");
}

}  // namespace

std::optional<MemoryHierarchy> find_hierarchy(std::string_view cgroups, std::string_view mounts,
                                              std::string_view controller) {
  const auto path = own_path(cgroups, controller);
  const auto mount = find_mount(mounts, controller);
  if (!path || !mount) return std::nullopt;
  std::string_view below = *path;
  // In a container the mount may begin in the middle of the hierarchy.
  if (mount->root != "/" && below.starts_with(mount->root)) below.remove_prefix(mount->root.size());
  MemoryHierarchy hierarchy;
  hierarchy.version = controller.empty() ? 2 : 1;
  hierarchy.mount = mount->point;
  hierarchy.folder = mount->point;
  hierarchy.path = *path;
  if (below != "/" && !below.empty()) hierarchy.folder += below;
  return hierarchy;
}

Result<MemoryHierarchy> find_memory_hierarchy(std::string_view cgroups, std::string_view mounts) {
  // Where version 1 has the controller, version 2 cannot have it.
  const bool in_v1 = own_path(cgroups, "memory").has_value();
  if (const auto found = find_hierarchy(cgroups, mounts, in_v1 ? "memory" : "")) return *found;
  return fail(ErrorCode::unsupported, "no memory cgroups are mounted here");
}

Result<MemoryHierarchy> find_memory_hierarchy() {
  OOMKIT_TRY(const std::string cgroups, read_whole("/proc/self/cgroup", kTextMax));
  OOMKIT_TRY(const std::string mounts, read_whole("/proc/self/mountinfo", kTextMax));
  return find_memory_hierarchy(cgroups, mounts);
}

std::optional<MemoryHierarchy> find_hierarchy(std::string_view controller) {
  return find_hierarchy(text_of("/proc/self/cgroup"), text_of("/proc/self/mountinfo"), controller);
}

}  // namespace oomkit
