// Text that must wait, of any length, in little memory.
//
// Up to a bound it is kept in memory, beyond it in an unnamed temporary file. Where no
// such file can be made, or the disk is full, it stays in memory: a document that lacks
// something would be worse than a large process.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace oomkit {

class Spool {
 public:
  static constexpr std::size_t kMemoryMax = std::size_t{4} << 20;

  explicit Spool(std::size_t memory_max = kMemoryMax) : memory_max_(memory_max) {}

  void append(std::string_view text);
  bool empty() const { return memory_.empty() && file_bytes_ == 0; }

  // Hands everything over in order and is empty again. A temporary file that cannot be read
  // back stops the program: half of what it held would be a wrong document.
  void drain(const std::function<void(std::string_view)>& output);

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void spill();

  std::size_t memory_max_;
  std::string memory_;  // What came after the part that is in the file.
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::size_t file_bytes_ = 0;
  bool file_failed_ = false;
};

}  // namespace oomkit
