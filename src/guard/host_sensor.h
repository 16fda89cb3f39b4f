// The host's own files, kept open and read into the head of a tick.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/file_descriptor.h"
#include "io/kept_file.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

class HostSensor {
 public:
  // `root` is "" for this machine. Refused where there is no /proc/meminfo.
  static Result<HostSensor> create(const std::string& root, const TickNeeds& needs);

  // /proc/meminfo and memory's pressure alone: what a fast tick has, and a recheck.
  void read_fast(TickHost& host);
  // What else the policy looks at. `now_ns` says which of the slow files are due.
  void read_rest(std::int64_t now_ns, TickHost& host);

  bool has_pressure() const { return has_pressure_; }

 private:
  static constexpr std::size_t kBufferSize = std::size_t{32} * 1024;
  static constexpr std::size_t kZramMax = 16;

  HostSensor(FileDescriptor proc, FileDescriptor block, const TickNeeds& needs)
      : proc_(std::move(proc)), block_(std::move(block)), needs_(needs), buffer_(kBufferSize) {}

  void read_pressure_file(KeptFile& file, TickPressure& pressure);
  void read_zram(TickHost& host);

  FileDescriptor proc_;
  FileDescriptor block_;  // /sys/block.
  TickNeeds needs_;
  KeptFile meminfo_{"meminfo"};
  KeptFile vmstat_{"vmstat"};
  KeptFile memory_{"pressure/memory"};
  KeptFile io_{"pressure/io"};
  KeptFile cpu_{"pressure/cpu"};
  KeptFile zoneinfo_{"zoneinfo"};
  KeptFile arcstats_{"spl/kstat/zfs/arcstats"};
  std::vector<char> buffer_;
  PageSize page_size_ = PageSize::k4K;
  bool has_pressure_ = false;
  std::int64_t zones_due_ns_ = 0;
  std::int64_t arc_due_ns_ = 0;
  Known<Bytes> watermark_min_, watermark_low_, watermark_high_;
};

}  // namespace oomkit
