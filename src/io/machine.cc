#include "io/machine.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <vector>

#include <sched.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/size_text.h"
#include "io/byte_source.h"
#include "io/file_source.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

std::optional<mode_t> mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::optional(status.st_mode) : std::nullopt;
}

bool is_program(const std::string& path) {
  return is_file(path) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int own_pid() {
  return ::getpid();
}

bool is_root() {
  return ::geteuid() == 0;
}

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? std::string(std::begin(names.release)) : std::string();
}

std::optional<std::string> boot_id() {
  constexpr std::size_t kIdMax = 64;
  const auto text = read_whole("/proc/sys/kernel/random/boot_id", kIdMax);
  if (!text) return std::nullopt;
  return text->substr(0, text->find('\n'));
}

std::size_t processor_count() {
  cpu_set_t ours;
  CPU_ZERO(&ours);
  if (::sched_getaffinity(0, sizeof ours, &ours) != 0) return 1;
  return static_cast<std::size_t>(std::max(CPU_COUNT(&ours), 1));
}

std::string program_folder() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string_view found(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t slash = found.find_last_of('/');
  return std::string(slash == std::string_view::npos ? "." : found.substr(0, slash));
}

std::optional<std::string> program_beside(const std::string& name, const std::string& room) {
  const std::string folder = program_folder();
  for (const std::string& place :
       {"/" + name, "/../" + room + "/" + name, "/../lib/oomkit/" + name}) {
    if (is_file(folder + place)) return folder + place;
  }
  return std::nullopt;
}

std::optional<std::string> cache_folder() {
  if (const auto cache = environment_variable("XDG_CACHE_HOME"); cache && cache->starts_with('/'))
    return *cache + "/oomkit";
  if (const auto home = environment_variable("HOME"); home && home->starts_with('/'))
    return *home + "/.cache/oomkit";
  return std::nullopt;
}

bool is_file(const std::string& path) {
  const auto mode = mode_of(path);
  return mode && S_ISREG(*mode);
}

bool is_folder(const std::string& path) {
  const auto mode = mode_of(path);
  return mode && S_ISDIR(*mode);
}

bool is_usable_device(const std::string& path) {
  const auto mode = mode_of(path);
  return mode && S_ISCHR(*mode) && ::access(path.c_str(), R_OK | W_OK) == 0;
}

std::optional<std::string> find_program(std::string_view name,
                                        std::span<const std::string_view> folders) {
  std::vector<std::string> places;
  const std::string path = environment_variable("PATH").value_or("");
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (end > begin) places.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  places.insert(places.end(), folders.begin(), folders.end());
  for (const std::string& place : places) {
    std::string candidate = place + "/";
    candidate += name;
    if (is_program(candidate)) return candidate;
  }
  return std::nullopt;
}

Status make_folders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST)
      return tl::unexpected(system_error(part, "cannot be made", errno));
    if (end == std::string::npos) return {};
  }
}

Result<std::string> read_beginning(const std::string& path, std::size_t bytes) {
  OOMKIT_TRY(const std::unique_ptr<FileSource> file, FileSource::open(path));
  OOMKIT_TRY(const std::string_view beginning, file->peek(bytes));
  return std::string(beginning);
}

Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  OOMKIT_TRY(const std::unique_ptr<ByteSource> source, open_log_file(path));
  std::string text;
  std::vector<char> block(std::size_t{64} << 10);
  while (true) {
    OOMKIT_TRY(const std::size_t got, source->read(block));
    if (got == 0) break;
    text.append(block.data(), got);
    if (text.size() > bytes_max) {
      return fail(ErrorCode::malformed, path + ": is larger than " +
                                            size_text(Bytes(static_cast<std::int64_t>(bytes_max))));
    }
  }
  if (source->truncated()) return fail(ErrorCode::malformed, path + ": ends too early");
  return text;
}

}  // namespace oomkit
