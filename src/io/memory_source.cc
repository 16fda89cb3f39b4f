#include <algorithm>
#include <cstring>
#include <utility>

#include "io/byte_source.h"

namespace oomkit {

void MemorySource::fail_at(std::size_t offset, Error error) {
  fail_offset_ = offset;
  error_ = std::move(error);
}

Result<std::size_t> MemorySource::read(std::span<char> buffer) {
  std::size_t end = bytes_.size();
  if (fail_offset_) {
    if (offset_ >= *fail_offset_) return tl::unexpected(*error_);
    end = std::min(end, *fail_offset_);
  }
  const std::size_t count = std::min({buffer.size(), piece_, end - offset_});
  std::memcpy(buffer.data(), bytes_.data() + offset_, count);
  offset_ += count;
  return count;
}

}  // namespace oomkit
