#include "io/own_cgroup.h"

#include <algorithm>
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

#include "core/lines.h"
#include "core/text.h"
#include "io/file_source.h"
#include "io/machine.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr std::size_t kFileMax = std::size_t{1} << 20;

std::string read_text(const std::string& path) {
  return read_whole(path, kFileMax).value_or("");
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

std::vector<std::string> folders_of(const std::string& folder) {
  std::vector<std::string> folders;
  collect_folders(folder, folders);
  return folders;
}

// Not created: a file that cgroupfs does not have stays absent.
Status write_text(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return tl::unexpected(bare_system_error(path, "cannot open", errno));
  if (::write(file.get(), text.data(), text.size()) < 0)
    return tl::unexpected(bare_system_error(path, "cannot write", errno));
  return {};
}

// A process of another pid namespace is a 0 there; it can only be ended through the cgroup.
template <class Take>
std::size_t each_process(const std::string& folder, Take take) {
  const std::string pids = read_text(folder + "/cgroup.procs");
  std::size_t count = 0;
  Cursor cursor(pids);
  while (const auto pid = cursor.take_integer<pid_t>()) {
    ++count;
    take(*pid);
    cursor.skip_spaces();
  }
  return count;
}

// Nobody forks while this lives, where the kernel can hold a cgroup still.
class Stillness {
 public:
  explicit Stillness(const std::string& folder) : folder_(folder) {
    if (write_text(folder_ + "/cgroup.freeze", "1")) {
      held_ = "/cgroup.freeze";
    } else if (write_text(folder_ + "/freezer.state", "FROZEN")) {
      held_ = "/freezer.state";
      wait_until_frozen();
    }
  }
  Stillness(const Stillness&) = delete;
  Stillness& operator=(const Stillness&) = delete;
  ~Stillness() {
    // Version 1 lets a frozen process die only once it is thawed. If that failed, the cgroup's
    // processes could not end, which the caller finds out by itself.
    const bool first = held_ == "/freezer.state";
    if (!held_.empty()) static_cast<void>(write_text(folder_ + held_, first ? "THAWED" : "0"));
  }

 private:
  void wait_until_frozen() const {
    using namespace std::chrono_literals;
    for (int attempt = 0; attempt < 50; ++attempt) {
      if (trim(read_text(folder_ + "/freezer.state")) == "FROZEN") return;
      std::this_thread::sleep_for(2ms);
    }
  }

  const std::string& folder_;
  std::string held_;
};

void kill_once(const std::string& folder) {
  if (write_text(folder + "/cgroup.kill", "1")) return;
  const Stillness still(folder);
  for (const std::string& each : folders_of(folder)) {
    // Who waits because the killer is off ends by SIGKILL as well: it sleeps killable.
    each_process(each, [](pid_t pid) {
      if (pid > 1) ::kill(pid, SIGKILL);
    });
  }
}

// True as soon as `done` is; waits a little longer each time, some five seconds in all.
template <class Done>
bool try_for_long(Done done) {
  using namespace std::chrono_literals;
  constexpr auto kPauseMax = 20ms;
  constexpr int kAttempts = 255;
  auto pause = 1ms;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::milliseconds>(pause * 2, kPauseMax);
  }
  return false;
}

}  // namespace

Status delegate_controller(const std::string& folder, const std::string& controller) {
  const std::string path = folder + "/cgroup.subtree_control";
  if (contains_word(read_text(path), controller)) return {};
  return write_text(path, "+" + controller);
}

Status withdraw_controller(const std::string& folder, const std::string& controller) {
  return write_text(folder + "/cgroup.subtree_control", "-" + controller);
}

Status set_cgroup_file(const std::string& folder, const std::string& file,
                       const std::string& value) {
  return write_text(folder + "/" + file, value);
}

Status move_into_cgroup(const std::string& folder, int pid) {
  return write_text(folder + "/cgroup.procs", std::to_string(pid));
}

std::size_t count_processes(const std::string& folder) {
  std::size_t count = 0;
  for (const std::string& each : folders_of(folder))
    count += each_process(each, [](pid_t) {});
  return count;
}

bool end_processes(const std::string& folder) {
  return try_for_long([&] {
    if (count_processes(folder) == 0) return true;
    kill_once(folder);
    return false;
  });
}

bool remove_cgroup(const std::string& folder) {
  end_processes(folder);
  // Who has left the list may still be on its way out.
  return try_for_long([&] {
    bool all_gone = true;
    for (const std::string& each : folders_of(folder)) {
      if (::rmdir(each.c_str()) == 0 || errno == ENOENT) continue;
      all_gone = false;
      kill_once(each);
    }
    return all_gone;
  });
}

Result<std::string> make_cgroup(const std::string& parent, std::string_view prefix) {
  constexpr int kNumbers = 1000;
  for (int number = 1; number < kNumbers; ++number) {
    std::string folder = parent + "/";
    folder += prefix;
    folder += std::to_string(::getpid()) + "-" + std::to_string(number);
    if (::mkdir(folder.c_str(), 0755) == 0) return folder;
    if (errno != EEXIST)
      return tl::unexpected(bare_system_error(folder, "cannot make the cgroup", errno));
  }
  return fail(ErrorCode::io, parent + ": too many cgroups of ours are left there");
}

void remove_empty_cgroup(const std::string& folder) {
  ::rmdir(folder.c_str());
}

Result<OwnCgroup> OwnCgroup::create(const std::string& parent, std::string_view prefix) {
  OOMKIT_TRY(std::string folder, make_cgroup(parent, prefix));
  return OwnCgroup(std::move(folder));
}

OwnCgroup::OwnCgroup(OwnCgroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

OwnCgroup::~OwnCgroup() {
  if (!folder_.empty()) remove_cgroup(folder_);
}

}  // namespace oomkit
