#include "io/tree_file.h"

#include <cstdint>
#include <utility>

#include "core/text.h"

namespace oomkit {

void append_tree_file(std::string& out, std::string_view path, std::string_view content) {
  out.append("@ ").append(path).append(" ").append(std::to_string(content.size())).append("\n");
  out.append(content).append("\n");
}

Result<MemoryFileTree> parse_tree_file(const std::string& name, std::string_view text) {
  const auto refuse = [&](std::size_t at, std::string_view expected) {
    return fail(ErrorCode::malformed, name + ": byte " + std::to_string(at) + ": expected " +
                                          std::string(expected) + " of a captured tree");
  };
  if (text.substr(0, kTreeFileHead.size()) != kTreeFileHead)
    return refuse(0, "\"oomkit tree 1\", the first line");
  MemoryFileTree tree;
  std::size_t at = kTreeFileHead.size();
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const std::string_view line = text.substr(at, end == std::string_view::npos ? end : end - at);
    const std::size_t blank = line.rfind(' ');
    if (end == std::string_view::npos || line.substr(0, 2) != "@ " || blank < 3)
      return refuse(at, "\"@ PATH BYTES\", the head of a file");
    Cursor cursor(line.substr(blank + 1));
    const auto size = cursor.take_integer<std::uint64_t>();
    if (!size || !cursor.at_end()) return refuse(at + blank + 1, "a number of bytes");
    const std::string_view rest = text.substr(end + 1);
    if (*size >= rest.size() || rest[*size] != '\n')
      return refuse(end + 1, std::to_string(*size) + " bytes and a newline");
    tree.put(std::string(line.substr(2, blank - 2)), std::string(rest.substr(0, *size)));
    at = end + 1 + *size + 1;
  }
  return tree;
}

}  // namespace oomkit
