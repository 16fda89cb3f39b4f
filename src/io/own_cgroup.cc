#include "io/own_cgroup.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/text.h"
#include "io/file_source.h"
#include "io/machine.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextMax = std::size_t{1} << 20;

std::string read_text(const std::string& path) {
  return read_whole(path, kTextMax).value_or("");
}

bool has_word(std::string_view text, std::string_view word) {
  for (text = trim(text); !text.empty(); text = trim_left(text)) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (text.substr(0, end) == word) return true;
    text.remove_prefix(end);
  }
  return false;
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

// Who waits because the killer is off ends by SIGKILL as well: it sleeps killable.
void end_processes(const std::string& folder) {
  const std::string pids = read_text(folder + "/cgroup.procs");
  Cursor cursor(pids);
  while (const auto pid = cursor.take_integer<pid_t>()) {
    if (*pid > 1) ::kill(*pid, SIGKILL);
    cursor.skip_spaces();
  }
}

void remove_all(const std::string& folder) {
  using namespace std::chrono_literals;
  constexpr int kAttempts = 250;
  std::vector<std::string> folders;
  collect_folders(folder, folders);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool all_gone = true;
    for (const std::string& each : folders) {
      if (::rmdir(each.c_str()) == 0 || errno == ENOENT) continue;
      all_gone = false;
      end_processes(each);
    }
    if (all_gone) return;
    std::this_thread::sleep_for(20ms);
  }
}

}  // namespace

Status delegate_controller(const std::string& folder, const std::string& controller) {
  const std::string path = folder + "/cgroup.subtree_control";
  if (has_word(read_text(path), controller)) return {};
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return tl::unexpected(system_error(path, "cannot open", errno));
  const std::string text = "+" + controller;
  if (::write(file.get(), text.data(), text.size()) < 0)
    return tl::unexpected(system_error(path, "cannot write", errno));
  return {};
}

Result<OwnCgroup> OwnCgroup::create(const std::string& parent, std::string_view prefix) {
  constexpr int kNumbers = 1000;
  for (int number = 1; number < kNumbers; ++number) {
    std::string name =
        std::string(prefix) + std::to_string(::getpid()) + "-" + std::to_string(number);
    std::string folder = parent + "/" + name;
    if (::mkdir(folder.c_str(), 0755) == 0) return OwnCgroup(std::move(folder), std::move(name));
    if (errno != EEXIST)
      return tl::unexpected(system_error(folder, "cannot make the cgroup", errno));
  }
  return fail(ErrorCode::io, parent + ": too many cgroups of ours are left there");
}

OwnCgroup::OwnCgroup(OwnCgroup&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), name_(std::exchange(other.name_, {})) {}

OwnCgroup::~OwnCgroup() {
  if (!folder_.empty()) remove_all(folder_);
}

}  // namespace oomkit
