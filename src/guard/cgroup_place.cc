// Where the memory cgroups are, and where among them we are: asked once, at start.
#include <string>
#include <string_view>
#include <vector>

#include "core/lines.h"
#include "guard/cgroup_sensor.h"
#include "io/kept_folder.h"
#include "sources/mounts.h"
#include "sources/task_text.h"

namespace oomkit {
namespace {

constexpr std::size_t kMountsMax = std::size_t{1} << 20;

std::string small_file(const FileDescriptor& folder, const char* name) {
  std::vector<char> buffer(kMountsMax);
  const DoorText text = read_kept_folder(folder.get(), name, buffer);
  return text.error == 0 ? std::string(text.text) : std::string();
}

bool lists_memory(const std::string& root, const std::string& point) {
  const FileDescriptor folder = open_kept_folder(root + point);
  return contains_word(small_file(folder, "cgroup.controllers"), "memory");
}

}  // namespace

std::optional<CgroupPlace> find_cgroups(const std::string& root) {
  const FileDescriptor self = open_kept_folder(root + "/proc/self");
  const Mounts mounts = parse_mountinfo(small_file(self, "mountinfo"));
  const std::string own = small_file(self, "cgroup");
  CgroupPlace place;
  std::string_view controller;
  if (mounts.memory_v1) {
    place.files = CgroupFiles::v1;
    place.point = mounts.memory_v1->point;
    controller = "memory";
  } else if (mounts.unified && lists_memory(root, mounts.unified->point)) {
    place.point = mounts.unified->point;
  } else {
    return std::nullopt;
  }
  place.own_path = parse_cgroup_path(own, controller).value_or("");
  return place;
}

std::size_t CgroupSensor::count(const std::string& root, const CgroupPlace& place) {
  std::vector<std::string> open = {root + place.point};
  std::vector<char> buffer(4096);
  std::size_t count = 0;
  while (!open.empty()) {
    const std::string path = std::move(open.back());
    open.pop_back();
    ++count;
    const FileDescriptor folder = open_kept_folder(path);
    FolderList list(folder.get(), buffer);
    FolderEntry entry;
    while (list.next(entry)) {
      if (entry.is_folder) open.push_back(path + "/" + entry.name);
    }
  }
  return count;
}

}  // namespace oomkit
