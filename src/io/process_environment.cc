#include "io/process_environment.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oomkit {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<int> positive_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

Terminal terminal() {
  Terminal found;
  found.input = ::isatty(STDIN_FILENO) == 1;
  found.diagnostics = ::isatty(STDERR_FILENO) == 1;
  found.output = ::isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (found.output && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    found.columns = size.ws_col;
  } else {
    found.columns = positive_number(variable("COLUMNS"));
  }
  found.colour_wanted = found.output && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return found;
}

void ignore_broken_pipes() {
  struct sigaction action {};
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

std::chrono::nanoseconds monotonic_time() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

void pause_for(std::chrono::nanoseconds time) {
  std::this_thread::sleep_for(time);
}

Calendar calendar_now() {
  const auto utc = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const auto seconds = static_cast<std::time_t>(utc.count() / 1'000'000);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return {utc, utc};
  return {utc, utc + std::chrono::seconds(parts.tm_gmtoff)};
}

std::chrono::microseconds utc_of_local(std::chrono::microseconds local) {
  const auto seconds = static_cast<std::time_t>(local.count() / 1'000'000);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return local;
  parts.tm_isdst = -1;
  const std::time_t utc = std::mktime(&parts);
  return utc == -1 ? local : local + std::chrono::seconds(utc - seconds);
}

std::vector<std::string> folder_names(const std::string& path, std::size_t names_max) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  while (!error && entry != std::filesystem::directory_iterator() && names.size() < names_max) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status check_readable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return fail(absent ? ErrorCode::not_found : ErrorCode::denied,
                path + ": cannot read: " + std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::usage, path + ": is a folder, not a log");
  if (::access(path.c_str(), R_OK) != 0)
    return fail(ErrorCode::denied, path + ": cannot read: " + std::strerror(errno));
  return {};
}

}  // namespace oomkit
