// A tree of small files in one file: what was captured of a host's /proc and cgroupfs.
//
//   oomkit tree 1
//   @ proc/meminfo 1234
//   (1234 bytes, then a newline)
//   @ proc/1/stat 311
//   ...
//
// One file instead of hundreds, made for people to read and for version control to compare.
// open_file_tree() takes such a file where it takes a folder.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "io/file_tree.h"

namespace oomkit {

inline constexpr std::string_view kTreeFileHead = "oomkit tree 1\n";

// Appends one file of the tree. The whole begins with kTreeFileHead.
void append_tree_file(std::string& out, std::string_view path, std::string_view content);

// Refuses what is no such file or is cut, naming `name` and the byte.
Result<MemoryFileTree> parse_tree_file(const std::string& name, std::string_view text);

}  // namespace oomkit
