// Bytes of an open file descriptor, with a look at the first of them before they are read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/byte_source.h"

namespace oomkit {

// A descriptor that is closed when its owner goes. -1: none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }
  int release();

 private:
  int fd_;
};

class FileSource final : public ByteSource {
 public:
  static Result<std::unique_ptr<FileSource>> open(const std::string& path);
  FileSource(std::string name, FileDescriptor fd) : name_(std::move(name)), fd_(std::move(fd)) {}

  Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return name_; }

  // The next bytes, up to `count` of them, which read() will still deliver.
  Result<std::string_view> peek(std::size_t count);

 private:
  Result<std::size_t> read_descriptor(std::span<char> buffer);

  std::string name_;
  FileDescriptor fd_;
  std::string peeked_;  // Read already, not yet delivered.
};

}  // namespace oomkit
