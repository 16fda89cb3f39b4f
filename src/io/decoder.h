// Decompression of one stream of bytes, piece by piece.
//
// The libraries of the formats themselves and not one for all: what a log that was cut off
// still holds must come out to its last byte, for the kill is what stands at its end.
// libarchive's filters drop the last 64 to 128 KiB of a stream that ends too early.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace oomkit {

class Decoder {
 public:
  virtual ~Decoder() = default;

  enum class State {
    running,
    between,  // A whole stream has been delivered; another one may follow it.
    damaged,  // The bytes make no sense from here on.
  };
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    State state = State::running;
  };

  // Takes some of `input`, fills some of `output`. No input: whatever is still to come.
  virtual Step decode(std::string_view input, std::span<char> output) = 0;
};

enum class Compression { none, gzip, xz, zstd, bzip2 };

inline constexpr std::size_t kMagicBytes = 6;

// By the first kMagicBytes of a file.
Compression compression_of(std::string_view first_bytes);

// Nothing for `none`, for a format that is not read, and if memory is short.
std::unique_ptr<Decoder> make_decoder(Compression compression);

}  // namespace oomkit
