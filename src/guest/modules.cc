#include "guest/modules.h"

#include <cerrno>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/text.h"
#include "guest/machine.h"
#include "guest/small_file.h"

namespace oomkit::guest {
namespace {

constexpr const char* kFolder = "/modules/";
constexpr const char* kExtraFolder = "/extra/";

}  // namespace

int load_module(const char* path, const char* parameters) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = syscall(SYS_finit_module, file, parameters, 0) == 0 ? 0 : errno;
  close(file);
  return error == EEXIST ? 0 : error;
}

int unload_module(const char* name) {
  return syscall(SYS_delete_module, name, O_NONBLOCK) == 0 ? 0 : errno;
}

std::string_view module_folder(std::string_view file) {
  for (const std::string_view folder : {kExtraFolder, kFolder}) {
    if (access(PathText(folder, file).c_str(), R_OK) == 0) return folder;
  }
  return {};
}

Status load_modules() {
  std::vector<char> buffer(16 << 10);
  const FileText order = read_file("/modules/order", buffer);
  if (order.error == ENOENT) return {};
  std::string_view rest = order.text;
  while (!rest.empty()) {
    const std::string name(trim(rest.substr(0, rest.find('\n'))));
    rest.remove_prefix(std::min(rest.size(), rest.find('\n') == std::string_view::npos
                                                 ? rest.size()
                                                 : rest.find('\n') + 1));
    if (name.empty()) continue;
    const int error = load_module((kFolder + name).c_str(), "");
    if (error != 0) {
      return fail(ErrorCode::unsupported, "the kernel refuses its module " + name + ": " +
                                              std::string(error_sentence(error)));
    }
  }
  return {};
}

}  // namespace oomkit::guest
