#include "guard/host_sensor.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/fixed_text.h"
#include "guard/sensor_text.h"
#include "io/kept_folder.h"

namespace oomkit {
namespace {

// Watermarks change when memory is plugged in or a setting is changed.
constexpr std::int64_t kZonesEvery = 60'000'000'000;
// To look for a file that is not there costs a sixth of an idle guard's time; ZFS is loaded seldom.
constexpr std::int64_t kAbsentAgain = 60'000'000'000;

}  // namespace

Result<HostSensor> HostSensor::create(const std::string& root, const TickNeeds& needs) {
  FileDescriptor proc = open_kept_folder(root + "/proc");
  FileDescriptor block = open_kept_folder(root + "/sys/block");  // Absent in a container.
  HostSensor sensor(std::move(proc), std::move(block), needs);
  sensor.page_size_ = static_cast<PageSize>(machine_page_size());
  const DoorText meminfo = sensor.meminfo_.read(sensor.proc_.get(), sensor.buffer_);
  if (meminfo.error != 0)
    return fail(ErrorCode::unsupported,
                root + "/proc/meminfo: cannot read: " + std::strerror(meminfo.error));
  sensor.has_pressure_ = sensor.memory_.read(sensor.proc_.get(), sensor.buffer_).error == 0;
  return sensor;
}

void HostSensor::read_fast(TickHost& host) {
  host = TickHost();
  host.page_size = page_size_;
  const DoorText meminfo = meminfo_.read(proc_.get(), buffer_);
  if (meminfo.error == 0) read_meminfo(meminfo.text, host);
  if (has_pressure_) read_pressure_file(memory_, host.memory);
}

void HostSensor::read_rest(std::int64_t now_ns, TickHost& host) {
  if (needs_.vmstat) {
    const DoorText vmstat = vmstat_.read(proc_.get(), buffer_);
    if (vmstat.error == 0) read_vmstat(vmstat.text, host);
  }
  if (needs_.pressure_io && has_pressure_) read_pressure_file(io_, host.io);
  if (needs_.pressure_cpu && has_pressure_) read_pressure_file(cpu_, host.cpu);
  if (needs_.zram) read_zram(host);
  if (needs_.arc && now_ns >= arc_due_ns_) {
    const DoorText stats = arcstats_.read(proc_.get(), buffer_);
    if (stats.error == 0) read_arcstats(stats.text, host);
    if (stats.error == ENOENT) arc_due_ns_ = now_ns + kAbsentAgain;
  }
  if (!needs_.watermarks) return;
  if (now_ns >= zones_due_ns_) {
    const DoorText zones = zoneinfo_.read(proc_.get(), buffer_);
    if (zones.error == 0) read_zoneinfo(zones.text, host);
    watermark_min_ = host.watermark_min;
    watermark_low_ = host.watermark_low;
    watermark_high_ = host.watermark_high;
    zones_due_ns_ = now_ns + kZonesEvery;
  }
  host.watermark_min = watermark_min_;
  host.watermark_low = watermark_low_;
  host.watermark_high = watermark_high_;
}

void HostSensor::read_pressure_file(KeptFile& file, TickPressure& pressure) {
  const DoorText text = file.read(proc_.get(), buffer_);
  if (text.error == 0) pressure = read_pressure(text.text);
}

void HostSensor::read_zram(TickHost& host) {
  host.zram_original = host.zram_memory = host.zram_limit = host.zram_disksize = Bytes(0);
  for (std::size_t device = 0; device < kZramMax; ++device) {
    const FixedText<32> statistics("zram", device, "/mm_stat");
    const FixedText<32> size("zram", device, "/disksize");
    const std::span<char> all(buffer_);
    constexpr std::size_t kHalf = kBufferSize / 2;
    const DoorText stat = read_kept_folder(block_.get(), statistics.c_str(), all.first(kHalf));
    if (stat.error == ENOENT || stat.error == EBADF) return;
    const DoorText disk = read_kept_folder(block_.get(), size.c_str(), all.subspan(kHalf));
    if (stat.error == 0 && disk.error == 0) add_zram(stat.text, disk.text, host);
  }
}

}  // namespace oomkit
