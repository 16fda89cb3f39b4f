// A text in memory for the program that this process becomes: written piece by piece, then sealed,
// so that whoever reads it may believe that nobody changes it.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "io/file_descriptor.h"

namespace oomkit {

class SealedMemory {
 public:
  static constexpr std::size_t kMost = std::size_t{64} << 20;

  // No file if the kernel has none to give; then nothing can be written either.
  SealedMemory();

  bool write(std::string_view bytes);
  // The descriptor, which stays open over exec; -1 if it could not be sealed.
  int seal();

  // Takes the descriptor. Refuses what is not sealed or is longer than anybody would write.
  static Result<std::string> read(int file);

 private:
  FileDescriptor file_;
};

}  // namespace oomkit
