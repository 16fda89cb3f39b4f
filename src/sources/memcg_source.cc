#include "sources/memcg_source.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/lines.h"
#include "sources/cgroup_text.h"
#include "sources/host_text.h"

namespace oomkit {
namespace {

// Far beyond what a kernel is run with; a hostile tree shall not take all memory.
constexpr std::size_t kMemcgsMax = 100'000;
constexpr std::size_t kDepthMax = 128;

bool has_limit(const MemcgNode& memcg) {
  return (memcg.limit && memcg.limit->size) || (memcg.memsw_limit && memcg.memsw_limit->size);
}

class MemcgReader {
 public:
  MemcgReader(const OpenFolder& folder, MemcgDetail detail, MemcgTree& tree, SourceGaps& gaps)
      : folder_(folder), detail_(detail), tree_(tree), gaps_(gaps) {}

  void read() { descend(".", 0, std::nullopt); }

 private:
  // `folder` below the mount; `parent`: the nearest memcg above.
  void descend(const std::string& folder, std::size_t depth, std::optional<std::size_t> parent) {
    const std::optional<std::size_t> here = read_one(folder, parent);
    // A folder without the controller: its processes are charged to the memcg above.
    const std::optional<std::size_t> owner = here ? here : parent;
    if (owner) read_processes(folder, *owner);
    if (depth >= kDepthMax) return gaps_.add(SourceGap::memcgs_too_many, folder);
    const auto children = folder_.folders(folder);
    if (!children) return count_failure(folder, children.error());
    for (const std::string& name : *children) {
      if (tree_.nodes.size() >= kMemcgsMax) return gaps_.add(SourceGap::memcgs_too_many, name);
      descend(folder == "." ? name : folder + "/" + name, depth + 1, owner);
    }
  }

  std::optional<std::size_t> read_one(const std::string& folder,
                                      std::optional<std::size_t> parent) {
    MemcgNode memcg;
    memcg.parent = parent;
    memcg.path = tree_.mount_root == "/" ? "" : tree_.mount_root;
    if (folder != ".") memcg.path += "/" + folder;
    if (memcg.path.empty()) memcg.path = "/";
    prefix_ = folder == "." ? "" : folder + "/";
    const bool found = tree_.version == 2 ? read_v2(memcg) : read_v1(memcg);
    // The root of version 2 has none of the files, and is a memcg all the same.
    if (!found && parent) return std::nullopt;
    tree_.nodes.push_back(std::move(memcg));
    return tree_.nodes.size() - 1;
  }

  bool read_v2(MemcgNode& memcg) {
    if (detail_ == MemcgDetail::full) children_controlled(memcg);
    if (!limit("memory.max", memcg.limit)) return false;
    bytes("memory.current", memcg.usage);
    limit("memory.swap.max", memcg.swap_limit);
    bytes("memory.swap.current", memcg.swap_usage);
    flag("memory.oom.group", memcg.oom_group);
    if (detail_ == MemcgDetail::limits && !has_limit(memcg)) return true;
    limit("memory.high", memcg.high);
    protection("memory.min", memcg.min);
    protection("memory.low", memcg.low);
    bytes("memory.peak", memcg.peak);
    numbers("memory.events", memcg.events);
    stat(memcg);
    pressure(memcg);
    if (detail_ == MemcgDetail::full) numbers("memory.events.local", memcg.events_local);
    return true;
  }

  bool read_v1(MemcgNode& memcg) {
    if (!limit("memory.limit_in_bytes", memcg.limit)) return false;
    bytes("memory.usage_in_bytes", memcg.usage);
    limit("memory.memsw.limit_in_bytes", memcg.memsw_limit);
    bytes("memory.memsw.usage_in_bytes", memcg.memsw_usage);
    number("memory.swappiness", memcg.swappiness);
    flag("memory.use_hierarchy", memcg.use_hierarchy);
    if (const auto text = take("memory.oom_control")) {
      if (!parse_oom_control(*text, memcg)) malformed("memory.oom_control");
    }
    if (detail_ == MemcgDetail::limits && !has_limit(memcg)) return true;
    bytes("memory.max_usage_in_bytes", memcg.peak);
    limit("memory.soft_limit_in_bytes", memcg.soft_limit);
    bytes("memory.kmem.usage_in_bytes", memcg.kmem_usage);
    std::optional<std::int64_t> failcnt;
    number("memory.failcnt", failcnt);
    if (failcnt) memcg.events.add("failcnt", *failcnt);
    stat(memcg);
    return true;
  }

  void read_processes(const std::string& folder, std::size_t owner) {
    prefix_ = folder == "." ? "" : folder + "/";
    const auto text = take("cgroup.procs");
    if (!text) return;
    std::uint64_t foreign = 0;
    if (!parse_processes(*text, tree_.nodes[owner].processes, foreign)) malformed("cgroup.procs");
    if (foreign > 0) gaps_.add(SourceGap::task_foreign, tree_.nodes[owner].path, foreign);
  }

  // A file that this kernel does not have is no gap: the field stays absent.
  std::optional<std::string_view> take(std::string_view name) {
    path_ = prefix_;
    path_ += name;
    const auto reading = folder_.read(path_, buffer_);
    if (reading) return *reading;
    if (reading.error() == ErrorCode::denied) gaps_.add(SourceGap::memcg_denied, path_);
    return std::nullopt;
  }
  void malformed(std::string_view name) {
    gaps_.add(SourceGap::memcg_malformed, prefix_ + std::string(name));
  }
  void count_failure(const std::string& folder, ErrorCode code) {
    gaps_.add(code == ErrorCode::denied ? SourceGap::memcg_denied : SourceGap::memcg_vanished,
              folder);
  }

  bool limit(std::string_view name, std::optional<MemcgLimit>& field) {
    const auto text = take(name);
    if (!text) return false;
    field = parse_limit(*text);
    if (!field) malformed(name);
    return true;
  }
  void bytes(std::string_view name, std::optional<Bytes>& field) {
    const auto text = take(name);
    if (!text) return;
    field = parse_bytes(*text);
    if (!field) malformed(name);
  }
  void protection(std::string_view name, std::optional<Bytes>& field) {
    const auto text = take(name);
    if (!text) return;
    field = parse_protection(*text);
    if (!field) malformed(name);
  }
  void number(std::string_view name, std::optional<std::int64_t>& field) {
    const auto text = take(name);
    if (!text) return;
    field = parse_number(*text);
    if (!field) malformed(name);
  }
  void flag(std::string_view name, std::optional<bool>& field) {
    std::optional<std::int64_t> value;
    number(name, value);
    if (value) field = *value != 0;
  }
  void numbers(std::string_view name, NamedNumbers& field) {
    const auto text = take(name);
    if (text && !parse_named_numbers(*text, field)) malformed(name);
  }
  void children_controlled(MemcgNode& memcg) {
    if (const auto text = take("cgroup.subtree_control"))
      memcg.children_controlled = contains_word(*text, "memory");
  }
  void stat(MemcgNode& memcg) {
    const auto text = take("memory.stat");
    if (text && !parse_memcg_stat(*text, memcg.stat)) malformed("memory.stat");
  }
  void pressure(MemcgNode& memcg) {
    // Refused where the kernel was booted with psi=0.
    const auto text = take("memory.pressure");
    if (text) memcg.pressure = parse_pressure(*text);
    if (text && !memcg.pressure) malformed("memory.pressure");
  }

  const OpenFolder& folder_;
  MemcgDetail detail_;
  MemcgTree& tree_;
  SourceGaps& gaps_;
  std::vector<char> buffer_;
  std::string prefix_;
  std::string path_;
};

bool unified_has_memory(const OpenFolder& folder) {
  std::vector<char> buffer;
  const auto text = folder.read("cgroup.controllers", buffer);
  return text && contains_word(*text, "memory");
}

std::string_view without_slash(std::string_view path) {
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return path;
}

}  // namespace

MemcgReading read_memcgs(const FileTree& files, const Mounts& mounts, MemcgDetail detail,
                         SourceGaps& gaps) {
  MemcgReading reading;
  const CgroupMount* mount = mounts.memory_v1 ? &*mounts.memory_v1 : nullptr;
  std::unique_ptr<OpenFolder> folder;
  const auto opens = [&](const CgroupMount& at) {
    auto opened = files.open_folder(without_slash(at.point));
    if (opened) folder = std::move(*opened);
    return folder != nullptr;
  };
  if (mount != nullptr && !opens(*mount)) mount = nullptr;
  if (mount == nullptr && mounts.unified && opens(*mounts.unified) && unified_has_memory(*folder)) {
    mount = &*mounts.unified;
  }
  if (mount == nullptr) {
    gaps.add(SourceGap::memcgs_unmounted, mounts.unified ? mounts.unified->point : "");
    return reading;
  }
  reading.layout = layout_of(mounts, mount->version == 2);
  MemcgTree& tree = reading.tree.emplace();
  tree.version = mount->version;
  tree.mount_root = mount->root.empty() ? "/" : mount->root;
  if (mount->version == 2) tree.recursive_protection = mount->recursive_protection;
  MemcgReader(*folder, detail, tree, gaps).read();
  // Of version 2 only a cgroup that is not the root has a limit's file.
  const bool below_root =
      tree.version == 2 && !tree.nodes.empty() && tree.nodes.front().limit.has_value();
  if (tree.mount_root != "/" || below_root) gaps.add(SourceGap::memcgs_partial, tree.mount_root);
  return reading;
}

std::vector<Membership> memberships(const MemcgTree& tree) {
  std::vector<Membership> members;
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    for (const std::int64_t pid : tree.nodes[i].processes)
      members.push_back({pid, i});
  }
  // A process that moved while the tree was read is in two lists: the later one holds.
  std::stable_sort(members.begin(), members.end(),
                   [](const Membership& a, const Membership& b) { return a.pid < b.pid; });
  return members;
}

std::optional<std::size_t> memcg_of(const std::vector<Membership>& members, std::int64_t pid) {
  const auto end = std::upper_bound(
      members.begin(), members.end(), pid,
      [](std::int64_t wanted, const Membership& member) { return wanted < member.pid; });
  if (end == members.begin() || std::prev(end)->pid != pid) return std::nullopt;
  return std::prev(end)->memcg;
}

}  // namespace oomkit
