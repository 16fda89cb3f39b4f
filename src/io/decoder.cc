#include "io/decoder.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

namespace oomkit {
namespace {

// zlib takes pointers to bytes that it never writes as if it did.
Bytef* input_bytes(std::string_view input) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // NOLINT: as said above.
}

class GzipDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> create() {
    auto decoder = std::make_unique<GzipDecoder>();
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&decoder->stream_, kGzipOnly + MAX_WBITS) != Z_OK) return nullptr;
    return decoder;
  }
  GzipDecoder() = default;
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Step decode(std::string_view input, std::span<char> output) override {
    constexpr std::size_t kMax = std::numeric_limits<uInt>::max();
    if (ended_ && !input.empty()) inflateReset(&stream_);
    ended_ = ended_ && input.empty();
    stream_.next_in = input_bytes(input);
    stream_.avail_in = static_cast<uInt>(std::min(input.size(), kMax));
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(std::min(output.size(), kMax));
    const uInt had_in = stream_.avail_in;
    const uInt had_out = stream_.avail_out;
    Step step;
    const int status = ended_ ? Z_BUF_ERROR : inflate(&stream_, Z_NO_FLUSH);
    step.consumed = had_in - stream_.avail_in;
    step.produced = had_out - stream_.avail_out;
    if (status == Z_STREAM_END) ended_ = true;
    if (ended_) {
      step.state = State::between;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      step.state = State::damaged;
    }
    return step;
  }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

class XzDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> create() {
    // The largest dictionary of the xz tool's levels takes 65 MiB; a file may ask for 4 GiB.
    constexpr std::uint64_t kMemoryMax = 256ULL * 1024 * 1024;
    auto decoder = std::make_unique<XzDecoder>();
    if (lzma_stream_decoder(&decoder->stream_, kMemoryMax, LZMA_CONCATENATED) != LZMA_OK) {
      return nullptr;
    }
    return decoder;
  }
  XzDecoder() = default;
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;
  ~XzDecoder() override { lzma_end(&stream_); }

  Step decode(std::string_view input, std::span<char> output) override {
    if (ended_) return {0, 0, State::between};
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream_.avail_in = input.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream_.avail_out = output.size();
    // Only the end of the input tells that no further stream follows.
    const lzma_ret status = lzma_code(&stream_, input.empty() ? LZMA_FINISH : LZMA_RUN);
    Step step;
    step.consumed = input.size() - stream_.avail_in;
    step.produced = output.size() - stream_.avail_out;
    ended_ = status == LZMA_STREAM_END;
    if (ended_) {
      step.state = State::between;
    } else if (status != LZMA_OK && status != LZMA_BUF_ERROR) {
      step.state = State::damaged;
    }
    return step;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

// A block of zstd, up to 128 KiB of text, is laid out so that its literals and its sequences
// are decoded from their ends: of one that is cut nothing can be told, and the library has no
// call that would try. What stood in whole blocks before it comes out.
class ZstdDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> create() {
    auto decoder = std::make_unique<ZstdDecoder>();
    if (decoder->stream_ == nullptr) return nullptr;
    return decoder;
  }
  ZstdDecoder() : stream_(ZSTD_createDStream()) {}
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  Step decode(std::string_view input, std::span<char> output) override {
    // Without input the library would begin a frame that nobody wrote.
    if (ended_ && input.empty()) return {0, 0, State::between};
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &out, &in);
    ended_ = status == 0;
    Step step{in.pos, out.pos, ended_ ? State::between : State::running};
    if (ZSTD_isError(status) != 0) step.state = State::damaged;
    return step;
  }

 private:
  ZSTD_DStream* stream_;
  bool ended_ = false;
};

bool begins_with(std::string_view text, std::string_view magic) {
  return text.substr(0, magic.size()) == magic;
}

}  // namespace

Compression compression_of(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (begins_with(first_bytes, "\x1f\x8b"sv)) return Compression::gzip;
  if (begins_with(first_bytes,
                  "\xfd"
                  "7zXZ\0"sv)) {
    return Compression::xz;
  }
  if (begins_with(first_bytes, "\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  // A frame to skip, as zstd's parallel writers put first.
  if (first_bytes.size() >= 4 && first_bytes.substr(1, 3) == "\x2a\x4d\x18"sv &&
      (static_cast<unsigned char>(first_bytes[0]) & 0xF0U) == 0x50U) {
    return Compression::zstd;
  }
  if (begins_with(first_bytes, "BZh"sv)) return Compression::bzip2;
  return Compression::none;
}

std::unique_ptr<Decoder> make_decoder(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return GzipDecoder::create();
    case Compression::xz:
      return XzDecoder::create();
    case Compression::zstd:
      return ZstdDecoder::create();
    case Compression::none:
    case Compression::bzip2:
      break;
  }
  return nullptr;
}

}  // namespace oomkit
