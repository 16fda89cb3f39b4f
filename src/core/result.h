// Result<T>: a T, or the reason why there is none.
//
// For all that the outside world can cause: a file that is gone, a log line that is
// cut, a setting that makes no sense. A broken promise inside the program is no
// error but a bug, and goes to OOMKIT_CHECK (core/check.h).
//
// An alias for tl::expected: g++ 12 has <expected> only in C++23 mode and clang 14,
// which clang-tidy and libFuzzer need, has none at all.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace oomkit {

// Named by what the caller can do about it.
enum class ErrorCode {
  usage,        // The user asked for something that makes no sense: exit code 2.
  malformed,    // A text does not follow its format: exit code 2.
  not_found,    // The file, process or cgroup is not there (any more): exit code 2.
  denied,       // It is there, and we may not touch it: exit code 3.
  unsupported,  // This machine lacks something: exit code 3.
  io,           // Anything else a system call said: exit code 3.
};

struct [[nodiscard]] Error {
  ErrorCode code;
  std::string what;  // "kern.log: cannot read: Permission denied", a whole sentence part.
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what)});
}

}  // namespace oomkit

// OOMKIT_TRY(auto text, read(path)); declares text, or returns the error.
// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are a declaration and a name.
#define OOMKIT_TRY(declaration, expression) \
  OOMKIT_TRY_IMPL(declaration, expression, OOMKIT_CONCAT(try_result_, __COUNTER__))
#define OOMKIT_TRY_IMPL(declaration, expression, temporary)            \
  auto temporary = (expression);                                       \
  if (!temporary) return tl::unexpected(std::move(temporary).error()); \
  declaration = *std::move(temporary)
#define OOMKIT_CONCAT(a, b) OOMKIT_CONCAT_IMPL(a, b)
#define OOMKIT_CONCAT_IMPL(a, b) a##b
// NOLINTEND(bugprone-macro-parentheses)
