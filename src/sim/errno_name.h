// The names of the errors that the model's kernel gives, as errno(3) has them.
#pragma once

#include <cerrno>
#include <string_view>

namespace oomkit::sim {

constexpr std::string_view errno_name(int error) {
  switch (error) {
    case EINVAL:
      return "EINVAL";
    case EBUSY:
      return "EBUSY";
    case EAGAIN:
      return "EAGAIN";
    case ENOMEM:
      return "ENOMEM";
    case ENOSPC:
      return "ENOSPC";
    case ENOENT:
      return "ENOENT";
    default:
      return "EIO";
  }
}

}  // namespace oomkit::sim
