// OOMKIT_CHECK: bugs stop the program, in release builds too, with a sentence.
#pragma once

namespace oomkit {

[[noreturn]] void check_failed(const char* condition, const char* message, const char* file,
                               int line);

}  // namespace oomkit

#define OOMKIT_CHECK(condition, message) \
  ((condition) ? void() : ::oomkit::check_failed(#condition, message, __FILE__, __LINE__))
