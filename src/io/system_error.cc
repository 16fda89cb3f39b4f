#include "io/system_error.h"

#include <cerrno>
#include <system_error>

namespace oomkit {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
      return ErrorCode::not_found;
    case EACCES:
    case EPERM:
      return ErrorCode::denied;
    case EISDIR:
      return ErrorCode::usage;
    case ENOSYS:
    case EOPNOTSUPP:
    case ENODEV:
    case ENXIO:
      return ErrorCode::unsupported;
    default:
      return ErrorCode::io;
  }
}

std::string_view remedy_for(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return "; run with sudo, or as a member of the group that may read it";
    case EISDIR:
      return "; name a file in it";
    default:
      return "";
  }
}

}  // namespace

Error bare_system_error(std::string_view name, std::string_view what, int error_number) {
  std::string text(name);
  text += ": ";
  text += what;
  text += ": ";
  text += std::generic_category().message(error_number);
  return {code_of(error_number), std::move(text)};
}

Error system_error(std::string_view name, std::string_view what, int error_number) {
  Error error = bare_system_error(name, what, error_number);
  error.what += remedy_for(error_number);
  return error;
}

}  // namespace oomkit
