#include "guest/proc_text.h"

namespace oomkit::guest {

std::optional<std::int64_t> number_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    Cursor cursor(take_line(text));
    if (!cursor.take(key)) continue;
    if (!cursor.skip_spaces()) continue;
    const auto number = cursor.take_integer<std::int64_t>();
    if (!number) return std::nullopt;
    if (cursor.rest() != " kB") return number;
    constexpr std::int64_t kKiB = 1024;
    if (*number > INT64_MAX / kKiB || *number < 0) return std::nullopt;
    return *number * kKiB;
  }
  return std::nullopt;
}

std::optional<char> state_of_stat(std::string_view stat) {
  const std::size_t paren = stat.rfind(") ");
  if (paren == std::string_view::npos || paren + 2 >= stat.size()) return std::nullopt;
  return stat[paren + 2];
}

std::optional<std::int64_t> pressure_total(std::string_view text, std::string_view line) {
  while (!text.empty()) {
    Cursor cursor(take_line(text));
    if (!cursor.take(line) || !cursor.take(" ") || !cursor.take_until("total=")) continue;
    return cursor.take_integer<std::int64_t>();
  }
  return std::nullopt;
}

std::optional<std::int32_t> victim_of(std::string_view record) {
  // "Out of memory: Killed process 7 (hog) ...", "Memory cgroup out of memory: Killed ...".
  // The line before it, "Kill process 7 (hog) score ...", is of older kernels.
  Cursor cursor(record);
  if (!cursor.take_until(": Killed process ")) return std::nullopt;
  return cursor.take_integer<std::int32_t>();
}

}  // namespace oomkit::guest
