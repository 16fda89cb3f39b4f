// Where a result goes: standard output, or a file that is there whole or not at all.
//
// A file is written without a name, or under a temporary one where the filesystem cannot
// do that, and takes its name when the result is complete; until then, and after any
// error, what had that name before stays as it was. Devices, pipes and the like, which
// cannot be replaced, are written directly.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace oomkit {

class OutputSink {
 public:
  static OutputSink standard_output();
  static Result<OutputSink> file(const std::string& path);
  // As --output says: a file, or standard output for nothing and for "-".
  static Result<OutputSink> to(const std::optional<std::string>& path);

  OutputSink(OutputSink&& other) noexcept;
  OutputSink& operator=(OutputSink&&) = delete;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;
  ~OutputSink();

  // Buffered. After the first failure nothing more is written; finish() tells of it.
  void append(std::string_view text);
  void flush();

  // The reader of a pipe went away: nobody wants the rest, and nothing is wrong.
  bool reader_gone() const { return reader_gone_; }
  bool failed() const { return failed_; }

  // Writes the rest; a file takes its name now.
  Status finish();

 private:
  OutputSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  void fail_with(int error_number);
  Status give_name();

  int fd_ = -1;
  std::string name_;            // For messages: "standard output", or the path as given.
  std::string final_path_;      // Links resolved; "" if the result takes no name.
  std::string temporary_path_;  // "" while the file has no name at all.
  std::string buffer_;
  std::string problem_;
  bool failed_ = false;
  bool reader_gone_ = false;
};

// A file that is `text` afterwards; after an error it is what it was.
Status write_whole(const std::string& path, std::string_view text);
// All of a result; that its reader wants no more of it is no error.
Status write_standard_output(std::string_view text);

}  // namespace oomkit
