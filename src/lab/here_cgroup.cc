#include "lab/here_cgroup.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "io/file_source.h"
#include "io/machine.h"
#include "io/system_error.h"

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

Status write_text(const std::string& path, std::string_view text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return tl::unexpected(system_error(path, "cannot open", errno));
  if (::write(file.get(), text.data(), text.size()) < 0)
    return tl::unexpected(system_error(path, "cannot write", errno));
  return {};
}

std::string read_text(const std::string& path) {
  return read_whole(path, kTextMax).value_or("");
}

Status give_memory_controller(const MemoryHierarchy& hierarchy) {
  if (hierarchy.version == CgroupVersion::v1) return {};
  const std::string offered = read_text(hierarchy.folder + "/cgroup.controllers");
  if (!has_word(trim(offered), "memory", ' ')) {
    return fail(ErrorCode::unsupported, "the cgroup of this shell, " + hierarchy.folder +
                                            ", has no memory controller" + kRemedy);
  }
  if (has_word(trim(read_text(hierarchy.folder + "/cgroup.subtree_control")), "memory", ' '))
    return {};
  // The kernel forbids it where processes are in the cgroup itself, the root apart.
  if (const Status given = write_text(hierarchy.folder + "/cgroup.subtree_control", "+memory");
      !given)
    return fail(ErrorCode::denied, given.error().what + kRemedy);
  return {};
}

// The deepest first, so that each is empty when its turn comes.
void collect_folders(const std::string& folder, std::vector<std::string>& folders) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error))
      collect_folders(entry.path().string(), folders);
  }
  folders.push_back(folder);
}

// SIGKILL to every process in it; how many there were.
std::size_t kill_all(const std::string& folder) {
  std::size_t count = 0;
  const std::string pids = read_text(folder + "/cgroup.procs");
  Cursor cursor(pids);
  while (const auto pid = cursor.take_integer<pid_t>()) {
    if (*pid > 0) ::kill(*pid, SIGKILL);
    ++count;
    cursor.skip_spaces();
  }
  return count;
}

void remove_all(const std::string& folder) {
  using namespace std::chrono_literals;
  constexpr int kAttempts = 250;
  std::vector<std::string> folders;
  collect_folders(folder, folders);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::size_t left = 0;
    for (const std::string& each : folders) {
      if (::rmdir(each.c_str()) == 0 || errno == ENOENT) continue;
      ++left;
      // A process that waits because the killer is off ends by SIGKILL as well: it sleeps
      // killable.
      kill_all(each);
    }
    if (left == 0) return;
    std::this_thread::sleep_for(20ms);
  }
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

Result<HereCgroup> HereCgroup::make(const MemoryHierarchy& hierarchy) {
  if (Status given = give_memory_controller(hierarchy); !given)
    return tl::unexpected(given.error());
  for (int number = 1; number < 1000; ++number) {
    std::string name = "oomkit-lab-" + std::to_string(::getpid()) + "-" + std::to_string(number);
    std::string folder = hierarchy.folder + "/" + name;
    if (::mkdir(folder.c_str(), 0755) == 0) return HereCgroup(std::move(folder), std::move(name));
    if (errno != EEXIST) {
      return fail(ErrorCode::denied,
                  system_error(folder, "cannot make the cgroup", errno).what + kRemedy);
    }
  }
  return fail(ErrorCode::io, hierarchy.folder + ": too many cgroups of ours are left there");
}

HereCgroup::HereCgroup(HereCgroup&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), name_(std::exchange(other.name_, {})) {}

HereCgroup::~HereCgroup() {
  if (!folder_.empty()) remove_all(folder_);
}

}  // namespace oomkit
