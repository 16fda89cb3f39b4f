#include "guest/disks.h"

#include <array>
#include <cerrno>

#include <sys/mount.h>

#include "core/text.h"
#include "guest/machine.h"
#include "guest/small_file.h"

namespace oomkit::guest {
std::optional<std::string> disk_of_serial(std::string_view serial) {
  for (char letter = 'a'; letter <= 'h'; ++letter) {
    const std::string name = std::string("vd") + letter;
    std::array<char, 64> buffer{};
    const FileText text = read_file(("/sys/block/" + name + "/serial").c_str(), buffer);
    if (text.error == 0 && trim(text.text) == serial) return "/dev/" + name;
  }
  return std::nullopt;
}

Status mount_data() {
  // Without a disk, /data is the tmpfs that is mounted there already.
  const auto disk = disk_of_serial("data");
  if (!disk || mount(disk->c_str(), "/data", "ext4", MS_NOATIME, "") == 0) return {};
  return fail(ErrorCode::io, "cannot mount the data disk: " + std::string(error_sentence(errno)));
}

}  // namespace oomkit::guest
