#include "io/low_memory_signal.h"

#include <cerrno>
#include <utility>

#include <systemd/sd-bus.h>

#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr const char* kMonitorName = "org.freedesktop.LowMemoryMonitor";
constexpr const char* kMonitorPath = "/org/freedesktop/LowMemoryMonitor";
constexpr std::uint64_t kBusPatience = 2'000'000;  // Microseconds.

Error signal_error(std::string_view what, int result) {
  return bare_system_error("the bus for warnings of low memory", what, -result);
}

}  // namespace

void LowMemorySignal::Close::operator()(sd_bus* bus) const {
  sd_bus_flush_close_unref(bus);
}

Result<LowMemorySignal> LowMemorySignal::create() {
  sd_bus* raw = nullptr;
  int result = sd_bus_open_system(&raw);
  if (result < 0) return tl::unexpected(signal_error("cannot be reached", result));
  LowMemorySignal signal{std::unique_ptr<sd_bus, Close>(raw)};
  sd_bus_set_method_call_timeout(raw, kBusPatience);
  result = sd_bus_request_name(raw, kMonitorName, 0);
  if (result == -EEXIST)
    return fail(ErrorCode::unsupported,
                "low-memory-monitor runs here and warns by its own rules; warnings of ours would "
                "not be heard");
  if (result < 0) return tl::unexpected(signal_error("does not let us speak", result));
  return signal;
}

Status LowMemorySignal::warn(std::uint8_t level) {
  // What the bus has told us since is taken, or it would wait there for ever.
  while (sd_bus_process(bus_.get(), nullptr) > 0) {
  }
  int result =
      sd_bus_emit_signal(bus_.get(), kMonitorPath, kMonitorName, "LowMemoryWarning", "y", level);
  if (result >= 0) result = sd_bus_flush(bus_.get());
  if (result < 0) return tl::unexpected(signal_error("cannot be spoken to", result));
  return {};
}

}  // namespace oomkit
