#include "io/sysrq.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "io/file_source.h"
#include "io/system_error.h"

namespace oomkit {
namespace {

constexpr const char* kTrigger = "/proc/sysrq-trigger";

class ProcSysrq final : public SysrqDoor {
 public:
  Status press(char letter) override {
    const FileDescriptor file(::open(kTrigger, O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) {
      Error error = bare_system_error(kTrigger, "cannot open", errno);
      error.what += errno == ENOENT ? "; this kernel has no magic sysrq (CONFIG_MAGIC_SYSRQ)"
                                    : "; run it with sudo";
      // There or not, it is this machine that lacks something.
      error.code = errno == ENOENT ? ErrorCode::unsupported : ErrorCode::denied;
      return tl::unexpected(std::move(error));
    }
    if (::write(file.get(), &letter, 1) != 1)
      return tl::unexpected(bare_system_error(kTrigger, "cannot write", errno));
    return {};
  }
};

}  // namespace

std::unique_ptr<SysrqDoor> make_sysrq_door() {
  return std::make_unique<ProcSysrq>();
}

}  // namespace oomkit
