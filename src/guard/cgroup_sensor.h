// The tree of memory cgroups as rows of a tick.
//
// The folder of each cgroup and the files that change all the time stay open; limits and the
// like, which change seldom, are read every few seconds. The tree itself is listed each time, for
// that is how new cgroups are found, and costs one system call a cgroup. A cgroup is known by
// its inode: one that was removed and made again under its name is another one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "io/file_descriptor.h"
#include "io/kept_file.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

enum class CgroupFiles : std::uint8_t { v1, v2 };

// Where the hierarchy that controls memory is mounted, and where in it we are ourselves.
struct CgroupPlace {
  CgroupFiles files = CgroupFiles::v2;
  std::string point;     // "/sys/fs/cgroup"
  std::string own_path;  // "/system.slice/oomkit.service"; empty if not known.
};
// By /proc/self/mountinfo and /proc/self/cgroup; nothing if no memory controller is to be seen.
std::optional<CgroupPlace> find_cgroups(const std::string& root);

class CgroupSensor {
 public:
  static Result<CgroupSensor> create(const std::string& root, const CgroupPlace& place,
                                     const TickNeeds& needs, std::size_t capacity);

  // Lists and reads the whole tree. The rows are good until the next scan.
  void scan(std::int64_t now_ns);

  std::span<const TickCgroup> rows() const { return {rows_.data(), row_count_}; }
  bool is_cut() const { return is_cut_; }
  std::uint32_t own_row() const { return own_row_; }
  // kNoRow if the last scan has not seen it.
  std::uint32_t row_of(std::uint64_t id) const;
  // Its folder, open as long as the cgroup was there at the last scan; -1: none.
  int folder_of(std::uint32_t row) const;
  // How many there are, for whoever wants to know how much room a sensor should have.
  static std::size_t count(const std::string& root, const CgroupPlace& place);

 private:
  struct Node {
    std::uint64_t id = 0;  // 0: free.
    std::uint32_t seen = 0;
    std::uint32_t row = kNoRow;
    FileDescriptor folder;
    KeptFile stat{"memory.stat"};
    KeptFile usage{"memory.current"};
    KeptFile swap{"memory.swap.current"};
    KeptFile pressure{"memory.pressure"};
    std::int64_t settings_due_ns = 0;
    // What is read seldom is kept here between.
    TickCgroup settings;
  };

  CgroupSensor(CgroupFiles files, const TickNeeds& needs, std::size_t capacity);

  std::uint32_t find_node(std::uint64_t id) const;
  std::uint32_t make_node(std::uint64_t id, int parent_folder, const char* name);
  void list_children(std::uint32_t parent_row);
  void forget_unseen();
  void rebuild_index();
  void read_row(std::int64_t now_ns, std::uint32_t row);
  void read_v1(Node& node, TickCgroup& row);
  void read_settings(Node& node);
  void read_wish(int folder, TickCgroup& settings);
  Known<Bytes> amount(int folder, const char* name);
  std::string_view keep(std::string_view parent, std::string_view name);

  CgroupFiles files_;
  TickNeeds needs_;
  std::vector<Node> nodes_;
  // Open addressing: node + 1 by identity, 0 for an empty place.
  std::vector<std::uint32_t> index_;
  std::vector<TickCgroup> rows_;
  std::vector<std::uint32_t> node_of_row_;
  std::size_t row_count_ = 0;
  std::vector<char> names_;
  std::size_t names_used_ = 0;
  std::vector<char> text_;
  std::vector<char> entries_;
  std::string own_path_;
  std::uint32_t own_row_ = kNoRow;
  std::uint32_t scan_ = 0;
  bool is_cut_ = false;
};

}  // namespace oomkit
