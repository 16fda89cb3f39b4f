// The guest's kernel log as `dmesg` would print it, from what two witnesses saw of it.
//
// The guest forwards every record of /dev/kmsg, complete and with exact times, as long as
// it runs. When the kernel panics or hangs, its last words are on the console only. Both
// print the same lines with the same times, so the console's are added where the records
// end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace oomkit {

struct KernelLog {
  std::string text;                  // "[    2.345678] words" lines.
  std::optional<HostTime> begin;     // When the guest said that the scenario begins.
  std::optional<HostTime> last;      // Of the last line.
  std::uint64_t lost = 0;            // Records that the guest was too late for.
  std::uint64_t unreadable = 0;      // Records that are none.
  std::uint64_t from_console = 0;    // Lines that only the console has.
  std::optional<std::string> panic;  // "Kernel panic - not syncing: ..."
  std::optional<HostTime> panic_time;
};

// What the guest writes into the kernel's log when time 0 of the scenario is.
inline constexpr std::string_view kBeginMark = "oomkit: scenario begins";

// `kmsg`: records as /dev/kmsg gives them. `console`: the first serial port's bytes.
KernelLog make_kernel_log(std::string_view kmsg, std::string_view console);

}  // namespace oomkit
