#include "act/cgroup_home.h"

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "core/lines.h"
#include "core/text.h"
#include "io/machine.h"
#include "io/own_cgroup.h"
#include "io/systemd_scope.h"
#include "sources/cgroup_text.h"

namespace oomkit {
namespace {

constexpr std::size_t kFileMax = std::size_t{1} << 20;
constexpr const char* kRemedy =
    "; run it with sudo, or where systemd runs your session (a delegated scope is asked for "
    "then)";

std::string content_of(const std::string& path) {
  return read_whole(path, kFileMax).value_or("");
}

bool names_memory(std::string_view controllers) {
  for (std::string_view word = take_word(controllers); !word.empty();
       word = take_word(controllers)) {
    if (word == "memory") return true;
  }
  return false;
}

bool hands_memory_down(const std::string& folder) {
  return names_memory(content_of(folder + "/cgroup.subtree_control"));
}

bool is_offered_memory(const std::string& folder) {
  return names_memory(content_of(folder + "/cgroup.controllers"));
}

// Nobody is in it but ourselves and the guardian.
bool is_ours_alone(const std::string& folder, const Guardian& guardian) {
  std::vector<std::int64_t> pids;
  std::uint64_t foreign = 0;
  parse_processes(content_of(folder + "/cgroup.procs"), pids, foreign);
  if (foreign > 0 || pids.empty()) return false;
  for (const std::int64_t pid : pids) {
    if (pid != own_pid() && pid != guardian.pid()) return false;
  }
  return true;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<CgroupHome> CgroupHome::step_aside(const MemoryHierarchy& hierarchy, Guardian& guardian) {
  OOMKIT_TRY(const std::string aside, make_cgroup(hierarchy.folder, "oomkit-aside-"));
  CgroupHome home(2, hierarchy.folder, hierarchy.path);
  home.aside_ = aside;
  home.guardian_ = guardian.pid();
  // Undone in reverse: the controller first, then the guardian comes out, then it is empty.
  for (const auto& [undo, folder] :
       {std::pair(Undo::cgroup, aside), {Undo::home, hierarchy.folder}}) {
    if (const Status told = guardian.watch(undo, folder); !told)
      return tl::unexpected(told.error());
  }
  for (const int pid : {guardian.pid(), own_pid()}) {
    if (const Status moved = move_into_cgroup(aside, pid); !moved)
      return tl::unexpected(moved.error());
  }
  if (const Status given = delegate_controller(hierarchy.folder, "memory"); !given)
    return tl::unexpected(given.error());
  if (const Status told = guardian.watch(Undo::controller, hierarchy.folder); !told)
    return tl::unexpected(told.error());
  return home;
}

Result<CgroupHome> CgroupHome::create_in(const MemoryHierarchy& hierarchy, Guardian& guardian) {
  if (hierarchy.version == 1) return CgroupHome(1, hierarchy.folder, hierarchy.path);
  if (hands_memory_down(hierarchy.folder)) return CgroupHome(2, hierarchy.folder, hierarchy.path);
  if (is_offered_memory(hierarchy.folder)) {
    // The root may do so with processes in it.
    if (hierarchy.folder == hierarchy.mount && delegate_controller(hierarchy.folder, "memory"))
      return CgroupHome(2, hierarchy.folder, hierarchy.path);
    if (is_ours_alone(hierarchy.folder, guardian)) return step_aside(hierarchy, guardian);
  }
  std::string path = hierarchy.path;
  for (std::string folder = hierarchy.folder; folder.size() > hierarchy.mount.size();) {
    folder = parent_of(folder);
    path = parent_of(path);
    const bool root = folder == hierarchy.mount;
    if (hands_memory_down(folder) || (root && delegate_controller(folder, "memory")))
      return CgroupHome(2, folder, path);
  }
  return fail(ErrorCode::unsupported, hierarchy.folder +
                                          ": processes are in this cgroup, so that it cannot "
                                          "limit others below it, and none above it hands "
                                          "memory down" +
                                          kRemedy);
}

Result<CgroupHome> CgroupHome::create(Guardian& guardian) {
  OOMKIT_TRY(const MemoryHierarchy hierarchy, find_memory_hierarchy());
  const bool at_once = hierarchy.version == 1 || hands_memory_down(hierarchy.folder) ||
                       is_ours_alone(hierarchy.folder, guardian);
  if (at_once || !systemd_runs()) {
    Result<CgroupHome> here = create_in(hierarchy, guardian);
    // Alone in a scope that is not delegated: systemd can still make one that is.
    if (here || hierarchy.version == 1 || !systemd_runs()) return here;
  }
  const Status scope =
      start_own_scope("oomkit-run-" + std::to_string(own_pid()) + ".scope",
                      "oom run: a command in a memory cgroup of its own", {guardian.pid()});
  if (!scope) {
    // Root can do without.
    if (is_root()) return create_in(hierarchy, guardian);
    return fail(ErrorCode::denied, scope.error().what +
                                       "; run it with sudo, or in a session of "
                                       "systemd's (loginctl shows them)");
  }
  OOMKIT_TRY(const MemoryHierarchy moved, find_memory_hierarchy());
  if (!is_offered_memory(moved.folder)) {
    return fail(ErrorCode::unsupported,
                "systemd delegates no memory controller to " + moved.path +
                    "; run it with sudo, or add Delegate=memory to user@.service");
  }
  return create_in(moved, guardian);
}

CgroupHome::CgroupHome(CgroupHome&& other) noexcept
    : version_(other.version_),
      folder_(std::move(other.folder_)),
      path_(std::move(other.path_)),
      aside_(std::exchange(other.aside_, {})),
      guardian_(other.guardian_) {}

CgroupHome::~CgroupHome() {
  if (aside_.empty()) return;
  static_cast<void>(withdraw_controller(folder_, "memory"));
  static_cast<void>(move_into_cgroup(folder_, guardian_));
  if (move_into_cgroup(folder_, 0)) remove_empty_cgroup(aside_);
}

}  // namespace oomkit
