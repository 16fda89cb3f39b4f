#include "lab/kernel_module.h"

#include <algorithm>
#include <map>
#include <utility>

#include "io/machine.h"
#include "io/process_environment.h"

namespace oomkit {
namespace {

constexpr std::size_t kModuleMax = std::size_t{64} << 20;
constexpr std::size_t kNamesMax = 100'000;
constexpr std::size_t kDepthMax = 12;
constexpr std::size_t kModulesMax = 200;

// "lzo-rle.ko.xz" as "lzo_rle": the kernel takes both for the same.
std::optional<std::string> module_name(std::string_view file) {
  const std::size_t end = file.find(".ko");
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view rest = file.substr(end + 3);
  if (!rest.empty() && rest != ".xz" && rest != ".gz" && rest != ".zst") return std::nullopt;
  std::string name(file.substr(0, end));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

void collect(const std::string& folder, std::size_t depth,
             std::map<std::string, std::string>& found) {
  for (const std::string& entry : folder_names(folder, kNamesMax)) {
    const std::string path = folder + "/" + entry;
    if (const auto name = module_name(entry)) {
      found.emplace(*name, path);
      // "build" and "source" are links to the kernel's sources.
    } else if (depth < kDepthMax && entry != "build" && entry != "source" && is_folder(path)) {
      collect(path, depth + 1, found);
    }
  }
}

class Ordering {
 public:
  explicit Ordering(const ModuleSource& source) : source_(source) {}

  Status add(const std::string& name) {
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return {};
    seen_.push_back(name);
    if (seen_.size() > kModulesMax)
      return fail(ErrorCode::malformed,
                  "module " + name + ": too many modules depend on each other");
    OOMKIT_TRY(std::optional<std::string> bytes, source_(name));
    if (!bytes) return {};
    const auto dependencies = module_dependencies(*bytes);
    if (!dependencies)
      return fail(ErrorCode::malformed, "module " + name + ": its file is no kernel module");
    for (const std::string& dependency : *dependencies) {
      if (Status added = add(dependency); !added) return added;
    }
    order_.push_back({name, *std::move(bytes)});
    return {};
  }

  std::vector<KernelModule> take() { return std::move(order_); }

 private:
  const ModuleSource& source_;
  std::vector<std::string> seen_;
  std::vector<KernelModule> order_;
};

}  // namespace

std::optional<std::vector<std::string>> module_dependencies(std::string_view bytes) {
  constexpr std::string_view kNote("\0depends=", 9);
  const std::size_t at = bytes.find(kNote);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view list = bytes.substr(at + kNote.size());
  list = list.substr(0, list.find('\0'));
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string name(list.substr(0, comma));
    std::replace(name.begin(), name.end(), '-', '_');
    if (!name.empty()) names.push_back(std::move(name));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

Result<std::vector<KernelModule>> modules_in_order(const std::vector<std::string>& wanted,
                                                   const ModuleSource& source) {
  Ordering ordering(source);
  for (const std::string& name : wanted) {
    if (Status added = ordering.add(name); !added) return tl::unexpected(added.error());
  }
  return ordering.take();
}

Result<ModuleSource> open_modules(const std::string& folder) {
  std::map<std::string, std::string> found;
  if (!folder.empty()) collect(folder, 0, found);
  return ModuleSource(
      [found = std::move(found)](const std::string& name) -> Result<std::optional<std::string>> {
        const auto it = found.find(name);
        if (it == found.end()) return std::nullopt;
        OOMKIT_TRY(std::string bytes, read_whole(it->second, kModuleMax));
        return bytes;
      });
}

}  // namespace oomkit
