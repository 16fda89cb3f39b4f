#include "lab/here_cgroup.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/lines.h"
#include "io/machine.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextMax = std::size_t{1} << 20;
constexpr const char* kRemedy =
    "; run it as root, or in a scope with delegation: systemd-run --user --scope -p "
    "Delegate=yes oom lab run ...";

Status give_memory_controller(const MemoryHierarchy& hierarchy) {
  if (hierarchy.version == 1) return {};
  const std::string offered =
      read_whole(hierarchy.folder + "/cgroup.controllers", kTextMax).value_or("");
  if (!contains_word(offered, "memory")) {
    return fail(ErrorCode::unsupported, "the cgroup of this shell, " + hierarchy.folder +
                                            ", has no memory controller" + kRemedy);
  }
  // The kernel forbids it where processes are in the cgroup itself, the root apart.
  if (const Status given = delegate_controller(hierarchy.folder, "memory"); !given)
    return fail(ErrorCode::denied, given.error().what + kRemedy);
  return {};
}

}  // namespace

Result<MemoryHierarchy> hierarchy_here() {
  Result<MemoryHierarchy> found = find_memory_hierarchy();
  if (!found)
    return fail(found.error().code, found.error().what + "; use --world vm, which needs none");
  return found;
}

Result<OwnCgroup> make_here_cgroup(const MemoryHierarchy& hierarchy) {
  if (Status given = give_memory_controller(hierarchy); !given)
    return tl::unexpected(given.error());
  auto cgroup = OwnCgroup::create(hierarchy.folder, "oomkit-lab-");
  if (!cgroup) return fail(ErrorCode::denied, cgroup.error().what + kRemedy);
  return cgroup;
}

}  // namespace oomkit
