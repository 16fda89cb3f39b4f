// Swap without a program that prepares it: the header is one page (union swap_header in
// the kernel's include/linux/swap.h), whose last ten bytes are its magic.
#include "guest/swap.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/swap.h>
#include <unistd.h>

#include "core/check.h"
#include "core/text.h"
#include "guest/disks.h"
#include "guest/machine.h"
#include "guest/small_file.h"

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

std::array<char, kSwapHeaderSize> swap_header(std::int64_t area_bytes) {
  constexpr std::string_view kMagic = "SWAPSPACE2";
  constexpr std::size_t kVersionAt = 1024;  // After the room for a boot loader.
  constexpr std::size_t kLastPageAt = kVersionAt + 4;
  const std::int64_t pages = area_bytes / static_cast<std::int64_t>(kSwapHeaderSize);
  OOMKIT_CHECK(pages >= 2, "a swap area has at least two pages");
  const std::uint32_t version = 1;
  const auto last_page = static_cast<std::uint32_t>(std::min<std::int64_t>(pages - 1, UINT32_MAX));
  std::array<char, kSwapHeaderSize> header{};
  std::memcpy(header.data() + kVersionAt, &version, sizeof version);
  std::memcpy(header.data() + kLastPageAt, &last_page, sizeof last_page);
  std::copy(kMagic.begin(), kMagic.end(), header.end() - kMagic.size());
  return header;
}

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
