#include "cli/systemd_files.h"

#include <array>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "io/file_tree.h"

namespace oomkit {
namespace {

constexpr std::array<std::string_view, 4> kHostFolders = {
    "usr/lib/systemd", "usr/local/lib/systemd", "run/systemd", "etc/systemd"};
constexpr int kFolderDepthMax = 3;

class SystemdFolder {
 public:
  SystemdFolder(const FileTree& tree, std::string shown) : tree_(tree), shown_(std::move(shown)) {}

  // Drop-ins come after what they are dropped into; a file of a later folder takes the place of
  // the one of the same name.
  void collect(const std::string& folder, const std::string& below, int depth) {
    const auto names = tree_.list(folder);
    if (!names || depth > kFolderDepthMax) return;
    for (const std::string& name : *names) {
      const std::string path = folder == "." ? name : folder + "/" + name;
      const std::string inner = below.empty() ? name : below + "/" + name;
      if (is_wanted_folder(name)) {
        collect(path, inner, depth + 1);
        continue;
      }
      if (!is_wanted_file(name, below)) continue;
      const auto text = tree_.read(path);
      const bool is_about_it = text && (text->find("OOM") != std::string::npos ||
                                        name.ends_with(".oomrule") || name == "oomd.conf");
      const bool is_drop_in = inner.find(".d/") != std::string::npos;
      if (is_about_it) files_[{is_drop_in, inner}] = {shown_ + path, *text};
      // An empty file of that name masks another.
      if (text && text->empty()) files_.erase({is_drop_in, inner});
    }
  }

  std::vector<ImportSource> take() {
    std::vector<ImportSource> sources;
    for (auto& [key, source] : files_)
      sources.push_back(std::move(source));
    return sources;
  }

 private:
  static bool is_wanted_folder(std::string_view name) {
    return name == "system" || name == "user" || name == "oomd" || name.ends_with(".d");
  }
  static bool is_wanted_file(std::string_view name, std::string_view below) {
    if (below.ends_with(".d")) return name.ends_with(".conf") || name.ends_with(".oomrule");
    return name == "oomd.conf" || name.ends_with(".oomrule") || name.ends_with(".service") ||
           name.ends_with(".slice") || name.ends_with(".scope");
  }

  const FileTree& tree_;
  std::string shown_;
  std::map<std::pair<bool, std::string>, ImportSource> files_;
};

}  // namespace

Result<std::vector<ImportSource>> host_systemd_files(const std::string& root) {
  OOMKIT_TRY(const std::unique_ptr<FileTree> tree, open_file_tree(root));
  SystemdFolder folder(*tree, root == "/" ? "/" : root + "/");
  for (const std::string_view each : kHostFolders)
    folder.collect(std::string(each), "", 0);
  return folder.take();
}

Result<std::vector<ImportSource>> folder_systemd_files(const std::string& path) {
  OOMKIT_TRY(const std::unique_ptr<FileTree> tree, open_file_tree(path));
  SystemdFolder folder(*tree, path.ends_with('/') ? path : path + "/");
  // What a folder of drop-ins is about is in its name.
  folder.collect(".", "", 0);
  return folder.take();
}

}  // namespace oomkit
