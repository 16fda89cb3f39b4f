// A compressed source as the bytes in it.
//
// What comes before the place where the compressed bytes end too early, or make no sense,
// is delivered; truncated() then tells. Several streams one after the other are one, as
// log rotation by appending leaves them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_source.h"
#include "io/decoder.h"

namespace oomkit {

class DecodingSource final : public ByteSource {
 public:
  DecodingSource(std::unique_ptr<ByteSource> source, std::unique_ptr<Decoder> decoder);

  Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return source_->name(); }
  bool truncated() const override { return truncated_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<char> input_;
  std::string_view pending_;  // Of input_, not yet decoded.
  Decoder::State state_ = Decoder::State::running;
  bool input_ended_ = false;
  bool finished_ = false;
  bool truncated_ = false;
};

}  // namespace oomkit
