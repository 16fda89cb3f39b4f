#include <algorithm>
#include <utility>

#include "io/file_tree.h"

namespace oomkit {

void MemoryFileTree::put(std::string path, std::string content) {
  files_.insert_or_assign(std::move(path), std::move(content));
}

void MemoryFileTree::break_path(std::string path, ErrorCode code) {
  broken_.insert_or_assign(std::move(path), code);
}

Result<std::string> MemoryFileTree::read(std::string_view path) const {
  if (const auto broken = broken_.find(path); broken != broken_.end()) {
    return fail(broken->second, std::string(path) + ": broken for a test");
  }
  if (const auto file = files_.find(path); file != files_.end()) return file->second;
  return fail(ErrorCode::not_found, std::string(path) + ": cannot open: No such file or directory");
}

Result<std::vector<std::string>> MemoryFileTree::list(std::string_view path) const {
  if (const auto broken = broken_.find(path); broken != broken_.end()) {
    return fail(broken->second, std::string(path) + ": broken for a test");
  }
  std::string prefix(path);
  if (!prefix.empty()) prefix += '/';
  std::vector<std::string> names;
  for (auto file = files_.lower_bound(prefix); file != files_.end(); ++file) {
    if (file->first.compare(0, prefix.size(), prefix) != 0) break;
    std::string name = file->first.substr(prefix.size());
    name = name.substr(0, name.find('/'));
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) {
    return fail(ErrorCode::not_found,
                std::string(path) + ": cannot open: No such file or directory");
  }
  return names;
}

}  // namespace oomkit
