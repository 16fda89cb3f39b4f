#include "io/decoding_source.h"

#include <ostream>
#include <string>

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "core/random.h"
#include "io/decoder.h"
#include "io/io_testing.h"

namespace oomkit {
namespace {

std::string gzipped(std::string_view text) {
  z_stream stream{};
  constexpr int kGzip = 16 + MAX_WBITS;
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string input(text);
  std::string out(deflateBound(&stream, input.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string xzipped(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t length = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()),
                text.size(), reinterpret_cast<std::uint8_t*>(out.data()), &length, out.size()),
            LZMA_OK);
  out.resize(length);
  return out;
}

// As the zstd tool does it: with a checksum.
std::string zstandard(std::string_view text) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()) + 8, '\0');
  const std::size_t length =
      ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
  EXPECT_FALSE(ZSTD_isError(length));
  out.resize(length);
  ZSTD_freeCCtx(context);
  return out;
}

struct Format {
  const char* name;
  Compression compression;
  std::string (*compress)(std::string_view);
  std::size_t unit;  // Bytes that only come out together.
};

void PrintTo(const Format& format, std::ostream* out) {
  *out << format.name;
}

class EveryFormat : public testing::TestWithParam<Format> {
 protected:
  static std::string log_text(int lines) {
    Random random(7);
    std::string text;
    for (int line = 0; line < lines; ++line) {
      text += "[" + std::to_string(random.between(10000, 99999)) + ".000000] line " +
              std::to_string(random.next() % 1000) + "\n";
    }
    return text;
  }

  static DecodingSource source_of(const std::string& bytes, std::size_t piece = SIZE_MAX) {
    const auto compression = compression_of(std::string_view(bytes).substr(0, kMagicBytes));
    EXPECT_EQ(compression, GetParam().compression);
    return {std::make_unique<MemorySource>("made up", bytes, piece),
            make_decoder(GetParam().compression)};
  }
};

TEST_P(EveryFormat, GivesBackTheText) {
  const std::string text = log_text(20000);
  const std::string bytes = GetParam().compress(text);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    DecodingSource source = source_of(bytes, piece);
    EXPECT_EQ(read_all(source, piece == 1 ? 13 : 1 << 16).text, text);
    EXPECT_FALSE(source.truncated());
  }
}

TEST_P(EveryFormat, StreamsOneAfterTheOtherAreOne) {
  const std::string first = log_text(300);
  const std::string second = "second\n";
  const std::string bytes =
      GetParam().compress(first) + GetParam().compress(second) + GetParam().compress("");
  for (const std::size_t piece : {std::size_t{1}, SIZE_MAX}) {
    DecodingSource source = source_of(bytes, piece);
    EXPECT_EQ(read_all(source).text, first + second);
    EXPECT_FALSE(source.truncated());
  }
}

TEST_P(EveryFormat, ACutAnywhereIsTold) {
  const std::string text = log_text(100);
  const std::string bytes = GetParam().compress(text);
  for (std::size_t length = kMagicBytes; length < bytes.size(); ++length) {
    DecodingSource source = source_of(bytes.substr(0, length));
    const ReadAll all = read_all(source);
    EXPECT_EQ(all.error, "");
    EXPECT_TRUE(source.truncated()) << length;
    EXPECT_EQ(text.substr(0, all.text.size()), all.text);
  }
}

// The kill stands at the end of a log that was cut: what the bytes say must come out.
TEST_P(EveryFormat, ACutStreamGivesWhatItHas) {
  const std::string text = log_text(20000);
  const std::string bytes = GetParam().compress(text);
  DecodingSource source = source_of(bytes.substr(0, bytes.size() - 20));
  const ReadAll all = read_all(source);
  EXPECT_TRUE(source.truncated());
  EXPECT_GE(all.text.size() + GetParam().unit, text.size());
  EXPECT_EQ(text.substr(0, all.text.size()), all.text);
}

TEST_P(EveryFormat, DamagedBytesEndTheTextAndAreTold) {
  const std::string text = log_text(100);
  const std::string bytes = GetParam().compress(text);
  for (std::size_t at = kMagicBytes; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    DecodingSource source = source_of(damaged);
    const ReadAll all = read_all(source);
    EXPECT_EQ(all.error, "");
    if (!source.truncated()) {
      // A header's idle bits.
      EXPECT_EQ(all.text, text) << at;
    }
  }
}

TEST_P(EveryFormat, ErrorsOfTheSourceComeThrough) {
  auto memory = std::make_unique<MemorySource>("made up", GetParam().compress(log_text(4000)), 512);
  memory->fail_at(1024, {ErrorCode::io, "made up: gone"});
  DecodingSource source(std::move(memory), make_decoder(GetParam().compression));
  EXPECT_EQ(read_all(source).error, "made up: gone");
}

TEST_P(EveryFormat, IsRecognisedInAFileWhateverItsName) {
  const TemporaryDirectory directory;
  const auto source = open_log_file(directory.write("kern.log", GetParam().compress("text\n")));
  ASSERT_TRUE(source.has_value()) << source.error().what;
  EXPECT_EQ(read_all(**source).text, "text\n");
}

constexpr Format kFormats[] = {{"gzip", Compression::gzip, gzipped, 512},
                               {"xz", Compression::xz, xzipped, 512},
                               {"zstd", Compression::zstd, zstandard, 128UL * 1024}};
INSTANTIATE_TEST_SUITE_P(Decoding, EveryFormat, testing::ValuesIn(kFormats),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace oomkit
