#include "lab/here_cgroup.h"

#include <optional>
#include <utility>
#include <vector>

#include "core/text.h"
#include "io/machine.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextMax = std::size_t{1} << 20;
constexpr const char* kRemedy =
    "; run it as root, or in a scope with delegation: systemd-run --user --scope -p "
    "Delegate=yes oom lab run ...";

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool has_word(std::string_view text, std::string_view word, char separator) {
  for (const std::string_view part : split(text, separator)) {
    if (part == word) return true;
  }
  return false;
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

// The mount of the memory controller: v1 with "memory" among its options, or v2.
std::optional<Mount> find_mount(std::string_view mounts, CgroupVersion version) {
  for (const std::string_view line : split(mounts, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto before = split(line.substr(0, dash), ' ');
    const auto after = split(line.substr(dash + 3), ' ');
    if (before.size() < 6 || after.size() < 3) continue;
    const bool v1 = after[0] == "cgroup" && has_word(after[2], "memory", ',');
    const bool v2 = after[0] == "cgroup2";
    if (version == CgroupVersion::v1 ? v1 : v2)
      return Mount{unescaped(before[3]), unescaped(before[4])};
  }
  return std::nullopt;
}

Status give_memory_controller(const MemoryHierarchy& hierarchy) {
  if (hierarchy.version == CgroupVersion::v1) return {};
  const std::string offered =
      read_whole(hierarchy.folder + "/cgroup.controllers", kTextMax).value_or("");
  if (!has_word(trim(offered), "memory", ' ')) {
    return fail(ErrorCode::unsupported, "the cgroup of this shell, " + hierarchy.folder +
                                            ", has no memory controller" + kRemedy);
  }
  // The kernel forbids it where processes are in the cgroup itself, the root apart.
  if (const Status given = delegate_controller(hierarchy.folder, "memory"); !given)
    return fail(ErrorCode::denied, given.error().what + kRemedy);
  return {};
}

}  // namespace

Result<MemoryHierarchy> find_memory_hierarchy(std::string_view cgroups, std::string_view mounts) {
  std::optional<std::string_view> path;
  CgroupVersion version = CgroupVersion::v2;
  for (const std::string_view line : split(cgroups, '\n')) {
    // "4:memory:/user.slice" of v1, "0::/user.slice" of v2.
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (has_word(controllers, "memory", ',')) {
      version = CgroupVersion::v1;
      path = line.substr(second + 1);
      break;
    }
    if (controllers.empty()) path = line.substr(second + 1);
  }
  const auto mount = find_mount(mounts, version);
  if (!path || !mount) {
    return fail(ErrorCode::unsupported,
                "no memory cgroups are mounted here; use --world vm, which needs none");
  }
  std::string_view below = *path;
  // In a container the mount may begin in the middle of the hierarchy.
  if (mount->root != "/" && below.starts_with(mount->root)) below.remove_prefix(mount->root.size());
  MemoryHierarchy hierarchy;
  hierarchy.version = version;
  hierarchy.folder = mount->point;
  if (below != "/" && !below.empty()) hierarchy.folder += below;
  return hierarchy;
}

Result<MemoryHierarchy> find_memory_hierarchy() {
  OOMKIT_TRY(const std::string cgroups, read_whole("/proc/self/cgroup", kTextMax));
  OOMKIT_TRY(const std::string mounts, read_whole("/proc/self/mountinfo", kTextMax));
  return find_memory_hierarchy(cgroups, mounts);
}

Result<OwnCgroup> make_here_cgroup(const MemoryHierarchy& hierarchy) {
  if (Status given = give_memory_controller(hierarchy); !given)
    return tl::unexpected(given.error());
  auto cgroup = OwnCgroup::create(hierarchy.folder, "oomkit-lab-");
  if (!cgroup) return fail(ErrorCode::denied, cgroup.error().what + kRemedy);
  return cgroup;
}

}  // namespace oomkit
