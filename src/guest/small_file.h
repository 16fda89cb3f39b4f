// Whole small files: procfs, sysfs and cgroupfs, read and written in one system call, into
// buffers that the caller has. Errors are the kernel's numbers.
#pragma once

#include <span>
#include <string_view>

namespace oomkit::guest {

// 0, or what the kernel said.
int write_file(const char* path, std::string_view text);

struct FileText {
  int error = 0;
  std::string_view text;  // In the caller's buffer; cut when that is full.
};
FileText read_file(const char* path, std::span<char> buffer);
// The same from the beginning of an open file.
FileText read_open_file(int file, std::span<char> buffer);

// "EBUSY".
std::string_view error_name(int error);
// "Device or resource busy".
std::string_view error_sentence(int error);

}  // namespace oomkit::guest
