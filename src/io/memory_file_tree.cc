#include <algorithm>
#include <charconv>
#include <utility>

#include "io/file_tree.h"

namespace oomkit {

class MemoryFolder final : public OpenFolder {
 public:
  MemoryFolder(const MemoryFileTree& tree, std::string path) : tree_(tree) {
    if (!path.empty() && path != ".") prefix_ = std::move(path) + "/";
  }

  Reading read(std::string_view path, std::vector<char>& buffer) const override {
    const std::string full = prefix_ + std::string(path);
    if (const auto broken = tree_.broken_.find(full); broken != tree_.broken_.end()) {
      return tl::unexpected(broken->second);
    }
    const auto file = tree_.files_.find(full);
    if (file == tree_.files_.end()) return tl::unexpected(ErrorCode::not_found);
    buffer.assign(file->second.begin(), file->second.end());
    return std::string_view(buffer.data(), buffer.size());
  }

  Reading read_once(std::string_view path, std::vector<char>& buffer) const override {
    return read(path, buffer);
  }

  FileDescriptor keep(std::string_view /*path*/) const override { return FileDescriptor(); }

  tl::expected<std::vector<std::int64_t>, ErrorCode> numbers() const override {
    const auto names = folders(".");
    if (!names) return tl::unexpected(names.error());
    std::vector<std::int64_t> numbers;
    for (const std::string& name : *names) {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (error == std::errc() && end == name.data() + name.size() && number >= 0) {
        numbers.push_back(number);
      }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  tl::expected<std::vector<std::string>, ErrorCode> folders(std::string_view path) const override {
    const std::string below = path == "." ? prefix_ : prefix_ + std::string(path) + "/";
    if (const auto broken =
            tree_.broken_.find(below.substr(0, below.size() - (below.empty() ? 0 : 1)));
        broken != tree_.broken_.end()) {
      return tl::unexpected(broken->second);
    }
    std::vector<std::string> names;
    bool seen = false;
    for (auto file = tree_.files_.lower_bound(below); file != tree_.files_.end(); ++file) {
      if (file->first.compare(0, below.size(), below) != 0) break;
      seen = true;
      const std::size_t slash = file->first.find('/', below.size());
      if (slash == std::string::npos) continue;
      std::string name = file->first.substr(below.size(), slash - below.size());
      names.push_back(std::move(name));
    }
    if (!seen) return tl::unexpected(ErrorCode::not_found);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }

 private:
  const MemoryFileTree& tree_;
  std::string prefix_;  // "" or "proc/"
};

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

Result<std::unique_ptr<OpenFolder>> MemoryFileTree::open_folder(std::string_view path) const {
  const auto names = list(path == "." ? "" : path);
  if (!names) return tl::unexpected(names.error());
  return std::make_unique<MemoryFolder>(*this, std::string(path));
}

}  // namespace oomkit
