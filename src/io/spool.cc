#include "io/spool.h"

#include <array>

#include "core/check.h"

namespace oomkit {

void Spool::append(std::string_view text) {
  memory_ += text;
  if (memory_.size() > memory_max_ && !file_failed_) spill();
}

void Spool::spill() {
  if (!file_) {
    file_.reset(std::tmpfile());
    // Unbuffered, so that what fwrite() says is written is in the file, or on a full disk
    // is known not to be.
    if (file_) std::setvbuf(file_.get(), nullptr, _IONBF, 0);
  }
  const std::size_t written =
      file_ ? std::fwrite(memory_.data(), 1, memory_.size(), file_.get()) : 0;
  file_bytes_ += written;
  memory_.erase(0, written);
  file_failed_ = !memory_.empty();
}

void Spool::drain(const std::function<void(std::string_view)>& output) {
  if (file_bytes_ != 0) std::rewind(file_.get());
  std::array<char, 65536> block{};
  while (file_bytes_ != 0) {
    const std::size_t wanted = file_bytes_ < block.size() ? file_bytes_ : block.size();
    const std::size_t got = std::fread(block.data(), 1, wanted, file_.get());
    OOMKIT_CHECK(got == wanted, "a temporary file can be read back");
    output(std::string_view(block.data(), got));
    file_bytes_ -= got;
  }
  file_.reset();
  output(memory_);
  memory_.clear();
}

}  // namespace oomkit
