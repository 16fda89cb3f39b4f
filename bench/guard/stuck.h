// A hog that does not die when it is killed: one of its threads waits in state D.
//
// Scenarios cannot say that. A file system is frozen, one thread writes to it, which nothing but
// thawing ends, and another one grows. Killed, it keeps its memory until somebody reaps it.
#pragma once

#include <string>

namespace oomkit::bench {

// After so many milliseconds, at 30 MB/s, in /system.slice/stuck.service.
void start_stuck(const std::string& delay_ms);
// Whether it still grows, or could.
bool stuck_lives();

}  // namespace oomkit::bench
