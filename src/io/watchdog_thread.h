// A thread that notices when another one does not come back.
#pragma once

#include <atomic>
#include <cstdint>

namespace oomkit {

struct Watched {
  std::atomic<std::int64_t>* beats = nullptr;   // Grows while all is well, ...
  std::atomic<std::int64_t>* stalls = nullptr;  // ... and this when it has not.
  int wake_file = -1;                           // An eventfd of who should hear of it.
  std::int64_t patience_ns = 0;                 // How long it may stand still.
};

// For the rest of the program's life, with a small stack of its own. 0, or why not.
int start_watchdog(const Watched& charge);

}  // namespace oomkit
