#include "cli/guard_program.h"

#include "io/machine.h"

namespace oomkit {

Result<std::string> find_guard_program() {
  if (const auto found = program_beside("oom-guard", "guard")) return *found;
  return fail(ErrorCode::unsupported,
              "oom-guard, the part that is locked into memory, is not beside oom in " +
                  program_folder() + "; ./dev build makes it");
}

}  // namespace oomkit
