// A recording read back, line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "io/byte_source.h"
#include "record/recording.h"

namespace oomkit {

// One line without its newline; `malformed` says what is wrong with it, and in which field.
Result<RecordedLine> read_recorded_line(std::string_view line);

class RecordingReader {
 public:
  explicit RecordingReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The next line; nothing at the end. A last line without its end was being written when the
  // guard's machine went down: it is left out, see is_cut(). Errors name file and line.
  Result<std::optional<RecordedLine>> next();
  bool is_cut() const { return is_cut_; }
  const std::string& name() const { return source_->name(); }

 private:
  Result<bool> fill();
  Error wrong(const std::string& what) const;
  Status follow(const RecordedTick& read);

  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 0;
  HostTime now_{0};
  std::size_t cgroups_ = 0;  // Rows of the last tick that had any.
  bool has_begun_ = false;
  bool is_cut_ = false;
};

}  // namespace oomkit
