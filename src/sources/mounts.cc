#include "sources/mounts.h"

#include <algorithm>
#include <utility>

#include "core/lines.h"

namespace oomkit {
namespace {

// "\040" for a blank, and the like.
std::string plain_path(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 3);
    const bool octal =
        text[i] == '\\' && digits.size() == 3 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '7'; });
    if (octal) {
      path += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
      i += 3;
    } else {
      path += text[i];
    }
  }
  return path;
}

std::optional<std::string> option_value(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view option = list.substr(0, comma);
    if (option.substr(0, name.size()) == name) return std::string(option.substr(name.size()));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return std::nullopt;
}

// The usual place counts more than one where a container's root has the same hierarchy;
// of equals the last is on top.
bool better(const CgroupMount& mount, const std::optional<CgroupMount>& known) {
  const auto usual = [](const CgroupMount& m) {
    return m.point.compare(0, 14, "/sys/fs/cgroup") == 0;
  };
  return !known || usual(mount) || !usual(*known);
}

}  // namespace

Mounts parse_mountinfo(std::string_view text) {
  Mounts mounts;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    for (int i = 0; i < 3; ++i)
      take_word(line);
    const std::string_view root = take_word(line);
    const std::string_view point = take_word(line);
    // Options of the mount, then any number of tags up to a dash.
    std::string_view word = take_word(line);
    while (!word.empty() && word != "-")
      word = take_word(line);
    const std::string_view type = take_word(line);
    take_word(line);
    const std::string_view options = take_word(line);
    CgroupMount mount{2, plain_path(root), plain_path(point),
                      list_has(options, "memory_recursiveprot")};
    if (type == "cgroup2") {
      if (better(mount, mounts.unified)) mounts.unified = std::move(mount);
    } else if (type == "cgroup") {
      mounts.has_v1 = true;
      mount.version = 1;
      if (list_has(options, "memory") && better(mount, mounts.memory_v1)) {
        mounts.memory_v1 = std::move(mount);
      }
    } else if (type == "proc" && point == "/proc") {
      mounts.hidepid = option_value(options, "hidepid=");
      if (mounts.hidepid == "0" || mounts.hidepid == "off") mounts.hidepid.reset();
    }
  }
  return mounts;
}

std::optional<CgroupLayout> layout_of(const Mounts& mounts, bool unified_memory) {
  if (mounts.memory_v1) return mounts.unified ? CgroupLayout::hybrid : CgroupLayout::v1;
  if (mounts.unified && unified_memory) {
    return mounts.has_v1 ? CgroupLayout::hybrid : CgroupLayout::v2;
  }
  return std::nullopt;
}

}  // namespace oomkit
