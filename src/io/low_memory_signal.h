// The warning that programs may listen for: LowMemoryWarning of org.freedesktop.LowMemoryMonitor on
// the system's bus, as GLib's GMemoryMonitor hears it. Who hears it drops caches.
//
// Listeners follow whoever has the name, so it has to be ours before there is something to say.
// Only root may take it (packaging/dbus), and not while the daemon of that name has it.
#pragma once

#include <cstdint>
#include <memory>

#include "core/result.h"

struct sd_bus;

namespace oomkit {

class LowMemorySignal {
 public:
  static Result<LowMemorySignal> create();

  // Its levels: 50 low, 100 medium, 255 critical.
  Status warn(std::uint8_t level);

 private:
  struct Close {
    void operator()(sd_bus* bus) const;
  };
  explicit LowMemorySignal(std::unique_ptr<sd_bus, Close> bus) : bus_(std::move(bus)) {}

  std::unique_ptr<sd_bus, Close> bus_;
};

}  // namespace oomkit
