#include "sources/host_text.h"

#include <algorithm>
#include <string>

#include "core/lines.h"
#include "kernel/watermark.h"

namespace oomkit {
namespace {

// A file of the kernel has some 200 names, and the ones looked up are few: a hostile file
// shall not make a list that is slow to search.
constexpr std::size_t kHostNamesMax = 4096;

// "12.34" as 1234: the kernel prints two digits after the point.
std::optional<std::int32_t> take_centipercent(Cursor& cursor) {
  const auto whole = cursor.take_integer<std::uint16_t>();
  if (!whole || *whole > 100 || !cursor.take(".")) return std::nullopt;
  const std::size_t begin = cursor.offset();
  const auto part = cursor.take_integer<std::uint8_t>();
  if (!part || cursor.offset() - begin != 2) return std::nullopt;
  return *whole * 100 + *part;
}

std::optional<PressureLine> parse_pressure_line(std::string_view words) {
  Cursor cursor(words);
  PressureLine line;
  const auto average = [&](std::string_view name, std::int32_t& value) {
    if (!cursor.take(name)) return false;
    const auto read = take_centipercent(cursor);
    if (read) value = *read;
    return read.has_value();
  };
  if (!average(" avg10=", line.avg10_centipercent) ||
      !average(" avg60=", line.avg60_centipercent) ||
      !average(" avg300=", line.avg300_centipercent) || !cursor.take(" total=")) {
    return std::nullopt;
  }
  const auto total = cursor.take_integer<std::int64_t>();
  if (!total || *total < 0) return std::nullopt;
  line.total = std::chrono::microseconds(*total);
  return line;
}

// The kernel writes blanks, backslashes and newlines of a name as "\040".
std::string without_octals(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '7' ? text[at] - '0' : -1;
    };
    if (text[i] == '\\' && octal(i + 1) >= 0 && octal(i + 2) >= 0 && octal(i + 3) >= 0) {
      plain += static_cast<char>(octal(i + 1) * 64 + octal(i + 2) * 8 + octal(i + 3));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

bool parse_meminfo(std::string_view text, HostState& host) {
  bool sound = !text.empty();
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      sound = false;
      continue;
    }
    std::string_view words = line.substr(colon + 1);
    const auto value = whole_number<std::int64_t>(take_word(words));
    const std::string_view unit = take_word(words);
    if (!value || *value < 0 || (!unit.empty() && unit != "kB")) {
      sound = false;
    } else if (host.meminfo.entries().size() + host.meminfo_counts.entries().size() >=
               kHostNamesMax) {
      return false;
    } else if (unit.empty()) {
      host.meminfo_counts.set(line.substr(0, colon), *value);
    } else {
      host.meminfo.set(line.substr(0, colon), KiB(*value));
    }
  }
  return sound;
}

bool parse_named_numbers(std::string_view text, NamedNumbers& numbers) {
  bool sound = true;
  const bool fresh = numbers.empty();
  while (!text.empty()) {
    std::string_view line = take_line(text);
    const std::string_view name = take_word(line);
    const auto value = whole_number<std::int64_t>(take_word(line));
    if (name.empty() || !value || !take_word(line).empty()) {
      sound = false;
      continue;
    }
    if (numbers.entries().size() >= kHostNamesMax) return false;
    // The kernel names each once; the list need not be searched for what is in it already.
    fresh ? numbers.add(name, *value) : numbers.set(name, *value);
  }
  return sound;
}

std::optional<std::vector<SwapDevice>> parse_swaps(std::string_view text) {
  if (take_line(text).substr(0, 8) != "Filename") return std::nullopt;
  std::vector<SwapDevice> devices;
  while (!text.empty() && devices.size() < kHostNamesMax) {
    std::string_view line = take_line(text);
    SwapDevice device;
    device.name = without_octals(take_word(line));
    device.type = take_word(line);
    const auto size = whole_number<std::int64_t>(take_word(line));
    const auto used = whole_number<std::int64_t>(take_word(line));
    const auto priority = whole_number<std::int64_t>(take_word(line));
    if (!size || !used || !priority || *size < 0 || *used < 0) return std::nullopt;
    device.size = KiB(*size);
    device.used = KiB(*used);
    device.priority = *priority;
    devices.push_back(std::move(device));
  }
  return devices;
}

std::optional<Pressure> parse_pressure(std::string_view text) {
  Pressure pressure;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.substr(0, 4) == "some") pressure.some = parse_pressure_line(line.substr(4));
    if (line.substr(0, 4) == "full") pressure.full = parse_pressure_line(line.substr(4));
  }
  if (!pressure.some && !pressure.full) return std::nullopt;
  return pressure;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  return whole_number<std::int64_t>(trim(text));
}

std::optional<std::vector<std::int64_t>> parse_numbers(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    const auto number = whole_number<std::int64_t>(word);
    if (!number || numbers.size() >= kHostNamesMax) return std::nullopt;
    numbers.push_back(*number);
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

std::optional<HostTime> parse_uptime(std::string_view text) {
  Cursor cursor(text);
  const auto seconds = cursor.take_integer<std::uint32_t>();
  if (!seconds || !cursor.take(".")) return std::nullopt;
  const std::size_t begin = cursor.offset();
  const auto part = cursor.take_integer<std::uint8_t>();
  if (!part || cursor.offset() - begin != 2) return std::nullopt;
  return std::chrono::seconds(*seconds) + std::chrono::milliseconds(*part * 10);
}

bool parse_zram(std::string_view mm_stat, ZramDevice& device) {
  const auto numbers = parse_numbers(mm_stat);
  if (!numbers || numbers->size() < 4) return false;
  if (std::any_of(numbers->begin(), numbers->end(), [](std::int64_t n) { return n < 0; }))
    return false;
  device.original = Bytes((*numbers)[0]);
  device.compressed = Bytes((*numbers)[1]);
  device.memory = Bytes((*numbers)[2]);
  device.memory_limit = Bytes((*numbers)[3]);
  return true;
}

std::optional<std::int64_t> parse_processors(std::string_view text) {
  // A list of processors is written as one of nodes is.
  const auto list = parse_node_list(trim(text));
  if (!list || list->empty()) return std::nullopt;
  return static_cast<std::int64_t>(list->size());
}

}  // namespace oomkit
