// For tests of code that must not allocate: every way to the heap ends the program while
// `allocation_is_forbidden` is set.
//
// To be included by one source of a test program, for it takes the place of the C library's own
// functions. Under sanitizers, which have taken that place themselves, nothing is watched.
#pragma once

#include <atomic>
#include <cstdlib>

#include <unistd.h>

#include "tests/support/sanitizers.h"

namespace oomkit {

inline std::atomic<bool> allocation_is_forbidden{false};

[[maybe_unused]] inline void refuse_forbidden_allocation() {
  if (!allocation_is_forbidden.load(std::memory_order_relaxed)) return;
  constexpr char kWords[] = "memory was allocated where none may be\n";
  static_cast<void>(!::write(STDERR_FILENO, kWords, sizeof kWords - 1));
  std::abort();
}

}  // namespace oomkit

#if !OOMKIT_HAS_SANITIZERS
// NOLINTBEGIN: the C library's own names.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void* malloc(std::size_t size) {
  oomkit::refuse_forbidden_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  oomkit::refuse_forbidden_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  oomkit::refuse_forbidden_allocation();
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  oomkit::refuse_forbidden_allocation();
  return __libc_memalign(alignment, size);
}
}
// NOLINTEND
#endif
