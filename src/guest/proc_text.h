// What the guest takes out of procfs and cgroupfs texts: pure, and without allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/lines.h"
#include "core/text.h"

namespace oomkit::guest {

// The number after `key` in the line that begins with it: "MemFree:   123 kB", "oom_kill 3".
// With a unit of kB it is bytes.
std::optional<std::int64_t> number_of(std::string_view text, std::string_view key);

// The state letter of /proc/PID/stat, after the comm, which may hold anything.
std::optional<char> state_of_stat(std::string_view stat);

// The total of a line of a pressure file: microseconds of "some" or "full".
std::optional<std::int64_t> pressure_total(std::string_view text, std::string_view line);

// Calls visit(name, number) for each "name number" line.
template <class Visit>
void for_each_count(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t space = line.find(' ');
    if (space == 0 || space == std::string_view::npos) continue;
    Cursor cursor(line.substr(space + 1));
    const auto number = cursor.take_integer<std::int64_t>();
    if (number && cursor.at_end()) visit(line.substr(0, space), *number);
  }
}

struct ZoneText {
  int node = 0;
  std::string_view name;
  std::int64_t min = 0, low = 0, high = 0, managed = 0;  // Pages.
};

// Calls visit(ZoneText) for each populated zone of /proc/zoneinfo.
template <class Visit>
void for_each_zone(std::string_view text, Visit visit) {
  ZoneText zone;
  bool open = false;
  const auto flush = [&] {
    if (open && zone.managed > 0) visit(zone);
    open = false;
  };
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    Cursor cursor(line);
    if (cursor.take("Node ")) {
      flush();
      zone = {};
      const auto node = cursor.take_integer<int>();
      if (!node || !cursor.take(", zone")) continue;
      cursor.skip_spaces();
      zone.node = *node;
      zone.name = trim(cursor.rest());
      open = true;
      continue;
    }
    if (!open) continue;
    const std::string_view words = trim_left(line);
    const auto member = [&](std::string_view key, std::int64_t& target) {
      if (!words.starts_with(key) || words.size() <= key.size() || words[key.size()] != ' ') return;
      Cursor number(trim_left(words.substr(key.size())));
      if (const auto value = number.take_integer<std::int64_t>(); value && number.at_end())
        target = *value;
    };
    member("min", zone.min);
    member("low", zone.low);
    member("high", zone.high);
    member("managed", zone.managed);
  }
  flush();
}

// The pid of the victim that a kernel message tells of.
std::optional<std::int32_t> victim_of(std::string_view record);

}  // namespace oomkit::guest
