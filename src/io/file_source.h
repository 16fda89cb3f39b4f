// Bytes of an open file descriptor, with a look at the first of them before they are read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/byte_source.h"
#include "io/file_descriptor.h"

namespace oomkit {

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
