// Swap without a program that prepares it.
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/swap.h>
#include <unistd.h>

#include "core/text.h"
#include "guest/disks.h"
#include "guest/machine.h"
#include "guest/small_file.h"
#include "guest/swap_header.h"

namespace oomkit::guest {
namespace {

Status refused(std::string_view what, int error) {
  return fail(ErrorCode::io,
              "cannot " + std::string(what) + ": " + std::string(error_sentence(error)));
}

Status start_swap(const std::string& device, std::int64_t size) {
  const int file = open(device.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return refused("open the swap device " + device, errno);
  const auto header = swap_header(size);
  const ssize_t written = write(file, header.data(), header.size());
  const int error = written == static_cast<ssize_t>(header.size()) ? 0 : errno;
  fsync(file);
  close(file);
  if (error != 0) return refused("write the signature of " + device, error);
  if (swapon(device.c_str(), 0) != 0) return refused("use " + device + " as swap", errno);
  return {};
}

}  // namespace

Status prepare_swap(const HostSpec& host) {
  constexpr std::int64_t kSwapMin = 64 << 10;
  if (host.swap.count() < kSwapMin) return {};
  if (host.swap_kind == SwapKind::disk) {
    const auto disk = disk_of_serial("swap");
    if (!disk) return fail(ErrorCode::unsupported, "the machine has no disk for swap");
    return start_swap(*disk, host.swap.count());
  }
  const std::string size = std::to_string(host.swap.count());
  if (const int error = write_file("/sys/block/zram0/disksize", size); error != 0)
    return refused("give zram0 its size", error);
  return start_swap("/dev/zram0", host.swap.count());
}

}  // namespace oomkit::guest
