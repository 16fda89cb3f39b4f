#include "guard/cgroup_sensor.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/table_room.h"
#include "guard/sensor_text.h"
#include "io/kept_folder.h"

namespace oomkit {
namespace {

constexpr std::size_t kTextSize = std::size_t{8} * 1024;
constexpr std::size_t kEntriesSize = std::size_t{4} * 1024;
constexpr std::size_t kNameRoom = 96;  // A path's share of the room for all paths.
constexpr std::int64_t kSettingsEvery = 2'000'000'000;
constexpr std::uint64_t kRootId = 1;  // As cgroupfs numbers it; a listing does not name it.

std::size_t place_of(std::uint64_t id, std::size_t size) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>(id * kGolden >> 32) & (size - 1);
}

}  // namespace

CgroupSensor::CgroupSensor(CgroupFiles files, const TickNeeds& needs, std::size_t capacity)
    : files_(files),
      needs_(needs),
      nodes_(capacity),
      index_(std::bit_ceil(capacity * 2)),
      node_of_row_(capacity),
      names_(capacity * kNameRoom),
      text_(kTextSize),
      entries_(kEntriesSize) {
  take_room(rows_, {capacity, 1});
}

Result<CgroupSensor> CgroupSensor::create(const std::string& root, const CgroupPlace& place,
                                          const TickNeeds& needs, std::size_t capacity) {
  CgroupSensor sensor(place.files, needs, std::max<std::size_t>(capacity, 1));
  FileDescriptor folder = open_kept_folder(root + place.point);
  if (folder.get() < 0)
    return fail(ErrorCode::unsupported, place.point + ": cannot open: " + std::strerror(errno));
  sensor.own_path_ = place.own_path;
  sensor.nodes_[0].id = kRootId;
  sensor.nodes_[0].folder = std::move(folder);
  return sensor;
}

std::uint32_t CgroupSensor::find_node(std::uint64_t id) const {
  const std::size_t size = index_.size();
  for (std::size_t at = place_of(id, size); index_[at] != 0; at = (at + 1) & (size - 1)) {
    const std::uint32_t node = index_[at] - 1;
    if (nodes_[node].id == id) return node;
  }
  return kNoRow;
}

void CgroupSensor::rebuild_index() {
  std::fill(index_.begin(), index_.end(), 0U);
  const std::size_t size = index_.size();
  for (std::uint32_t node = 1; node < nodes_.size(); ++node) {
    if (nodes_[node].id == 0) continue;
    std::size_t at = place_of(nodes_[node].id, size);
    while (index_[at] != 0)
      at = (at + 1) & (size - 1);
    index_[at] = node + 1;
  }
}

// kNoRow where there is no room, or the folder is gone already.
std::uint32_t CgroupSensor::make_node(std::uint64_t id, int parent_folder, const char* name) {
  const auto free_one =
      std::find_if(nodes_.begin() + 1, nodes_.end(), [](const Node& node) { return node.id == 0; });
  if (free_one == nodes_.end()) {
    is_cut_ = true;
    return kNoRow;
  }
  FileDescriptor folder = open_folder_below(parent_folder, name);
  if (folder.get() < 0) {
    is_cut_ = is_cut_ || errno == EMFILE || errno == ENFILE;
    return kNoRow;
  }
  *free_one = Node();
  free_one->id = id;
  free_one->folder = std::move(folder);
  const auto node = static_cast<std::uint32_t>(free_one - nodes_.begin());
  std::size_t at = place_of(id, index_.size());
  while (index_[at] != 0)
    at = (at + 1) & (index_.size() - 1);
  index_[at] = node + 1;
  return node;
}

std::string_view CgroupSensor::keep(std::string_view parent, std::string_view name) {
  const bool is_below_root = parent == "/";
  const std::size_t length = (is_below_root ? 0 : parent.size()) + 1 + name.size();
  if (names_used_ + length > names_.size()) {
    is_cut_ = true;
    return {};
  }
  char* const begin = names_.data() + names_used_;
  char* at = begin;
  if (!is_below_root) at = std::copy(parent.begin(), parent.end(), at);
  *at++ = '/';
  std::copy(name.begin(), name.end(), at);
  names_used_ += length;
  return {begin, length};
}

void CgroupSensor::list_children(std::uint32_t parent_row) {
  const int folder = nodes_[node_of_row_[parent_row]].folder.get();
  FolderList list(folder, entries_);
  FolderEntry entry;
  while (list.next(entry)) {
    if (!entry.is_folder) continue;
    std::uint32_t node = find_node(entry.inode);
    if (node == kNoRow) node = make_node(entry.inode, folder, entry.name);
    if (node == kNoRow) continue;
    const std::string_view path = keep(rows_[parent_row].path, entry.name);
    if (path.empty() || row_count_ == nodes_.size()) {
      is_cut_ = true;
      return;
    }
    const auto row = static_cast<std::uint32_t>(row_count_++);
    keep_spare(rows_, nodes_.size(), row_count_);
    rows_[row].id = entry.inode;
    rows_[row].parent = parent_row;
    rows_[row].path = path;
    node_of_row_[row] = node;
    nodes_[node].seen = scan_;
    nodes_[node].row = row;
  }
}

void CgroupSensor::forget_unseen() {
  bool any = false;
  for (std::size_t index = 1; index < nodes_.size(); ++index) {
    Node& node = nodes_[index];
    if (node.id == 0 || node.seen == scan_) continue;
    node = Node();
    any = true;
  }
  if (any) rebuild_index();
}

void CgroupSensor::scan(std::int64_t now_ns) {
  ++scan_;
  is_cut_ = false;
  names_used_ = 0;
  row_count_ = 1;
  rows_[0] = TickCgroup();
  rows_[0].id = kRootId;
  rows_[0].path = "/";
  node_of_row_[0] = 0;
  nodes_[0].seen = scan_;
  nodes_[0].row = 0;
  // Breadth first: whoever is listed is behind the one it was listed for.
  for (std::uint32_t row = 0; row < row_count_; ++row)
    list_children(row);
  forget_unseen();
  own_row_ = kNoRow;
  for (std::uint32_t row = 0; row < row_count_; ++row) {
    read_row(now_ns, row);
    if (rows_[row].path == own_path_) own_row_ = row;
  }
}

void CgroupSensor::read_row(std::int64_t now_ns, std::uint32_t row) {
  Node& node = nodes_[node_of_row_[row]];
  if (now_ns >= node.settings_due_ns) {
    read_settings(node);
    node.settings_due_ns = now_ns + kSettingsEvery;
  }
  TickCgroup fresh = node.settings;
  fresh.id = rows_[row].id;
  fresh.parent = rows_[row].parent;
  fresh.path = rows_[row].path;
  const int folder = node.folder.get();
  if (files_ == CgroupFiles::v1) {
    read_v1(node, fresh);
  } else {
    const DoorText stat = node.stat.read(folder, text_);
    if (stat.error == 0) read_memory_stat(stat.text, fresh);
    if (const DoorText usage = node.usage.read(folder, text_); usage.error == 0)
      fresh.usage = read_amount(usage.text);
    if (const DoorText swap = node.swap.read(folder, text_); swap.error == 0)
      fresh.swap = read_amount(swap.text);
    // All cgroups have it, but only where memory can run out inside does it say anything.
    if (const DoorText pressure = node.pressure.read(folder, text_); pressure.error == 0)
      fresh.memory = read_pressure(pressure.text);
  }
  rows_[row] = fresh;
}

void CgroupSensor::read_v1(Node& node, TickCgroup& row) {
  const int folder = node.folder.get();
  const DoorText stat = node.stat.read(folder, text_);
  if (stat.error == 0) read_memory_stat_v1(stat.text, row);
  row.usage = amount(folder, "memory.usage_in_bytes");
}

void CgroupSensor::read_settings(Node& node) {
  TickCgroup& settings = node.settings;
  settings = TickCgroup();
  const int folder = node.folder.get();
  if (files_ == CgroupFiles::v1) {
    settings.max = amount(folder, "memory.limit_in_bytes");
    settings.high = kUnlimited;
    return;
  }
  settings.min = amount(folder, "memory.min");
  settings.low = amount(folder, "memory.low");
  settings.high = amount(folder, "memory.high");
  settings.max = amount(folder, "memory.max");
  settings.swap_max = amount(folder, "memory.swap.max");
  DoorText text = read_kept_folder(folder, "memory.events", text_);
  if (text.error == 0) read_memory_events(text.text, settings);
  text = read_kept_folder(folder, "cgroup.events", text_);
  if (text.error == 0) read_cgroup_events(text.text, settings);
  text = read_kept_folder(folder, "memory.oom.group", text_);
  if (text.error == 0) settings.oom_group = text.text.starts_with("1") ? Fact::yes : Fact::no;
  if (needs_.cgroup_io_pressure) {
    text = read_kept_folder(folder, "io.pressure", text_);
    if (text.error == 0) settings.io = read_pressure(text.text);
  }
  if (needs_.wishes) read_wish(folder, settings);
}

void CgroupSensor::read_wish(int folder, TickCgroup& settings) {
  struct Attribute {
    const char* name;
    CgroupWish wish;
  };
  constexpr Attribute kAttributes[] = {{"user.oomd_omit", CgroupWish::omit},
                                       {"user.oomd_avoid", CgroupWish::avoid},
                                       {"trusted.oomd_avoid", CgroupWish::avoid},
                                       {"user.oomd_prefer", CgroupWish::prefer},
                                       {"trusted.oomd_prefer", CgroupWish::prefer}};
  for (const Attribute& attribute : kAttributes) {
    const DoorText value = read_attribute(folder, attribute.name, text_);
    if (value.error != 0 || value.text.empty() || value.text.front() != '1') continue;
    settings.wish = attribute.wish;
    break;
  }
  if (const std::int64_t owner = owner_of(folder); owner >= 0) settings.owner_uid = owner;
}

Known<Bytes> CgroupSensor::amount(int folder, const char* name) {
  const DoorText text = read_kept_folder(folder, name, text_);
  return text.error == 0 ? read_amount(text.text) : Known<Bytes>();
}

std::uint32_t CgroupSensor::row_of(std::uint64_t id) const {
  if (id == kRootId) return 0;
  const std::uint32_t node = find_node(id);
  return node == kNoRow || nodes_[node].seen != scan_ ? kNoRow : nodes_[node].row;
}

int CgroupSensor::folder_of(std::uint32_t row) const {
  return row < row_count_ ? nodes_[node_of_row_[row]].folder.get() : -1;
}

}  // namespace oomkit
