#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace oomkit {

void check_failed(const char* condition, const char* message, const char* file, int line) {
  std::fprintf(stderr, "oom: internal error: %s (%s, %s:%d)\n", message, condition, file, line);
  std::abort();
}

}  // namespace oomkit
