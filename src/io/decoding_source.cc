#include "io/decoding_source.h"

#include <utility>

namespace oomkit {
namespace {

constexpr std::size_t kInputBytes = 128UL * 1024;

// Tapes and some writers pad a compressed stream with NUL bytes.
bool is_padding(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

DecodingSource::DecodingSource(std::unique_ptr<ByteSource> source, std::unique_ptr<Decoder> decoder)
    : source_(std::move(source)), decoder_(std::move(decoder)), input_(kInputBytes) {}

Result<std::size_t> DecodingSource::read(std::span<char> buffer) {
  while (!finished_ && !buffer.empty()) {
    if (pending_.empty() && !input_ended_) {
      OOMKIT_TRY(const std::size_t count, source_->read(input_));
      pending_ = std::string_view(input_.data(), count);
      input_ended_ = count == 0;
    }
    if (state_ == Decoder::State::between && is_padding(pending_)) {
      pending_ = {};
      if (!input_ended_) continue;
    }
    const Decoder::Step step = decoder_->decode(pending_, buffer);
    pending_.remove_prefix(step.consumed);
    state_ = step.state;
    const bool stuck = step.consumed == 0 && step.produced == 0;
    if (state_ == Decoder::State::damaged || (stuck && (input_ended_ || !pending_.empty()))) {
      finished_ = true;
      truncated_ = state_ != Decoder::State::between || !pending_.empty();
    }
    if (step.produced != 0) return step.produced;
  }
  return 0;
}

}  // namespace oomkit
