// Anything may be fed: no crash, no read past the end, no time that grows with the square.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "core/random.h"
#include "klog/framing_testing.h"

namespace oomkit {
namespace {

class CountingSink final : public RecordSink {
 public:
  void on_record(const LogRecord& record) override {
    ++records;
    for (const std::string_view view :
         {record.text, record.host, record.ident, record.caller, record.stamp}) {
      // Touches every byte, for the sanitizer to see.
      for (const char c : view)
        sum += static_cast<unsigned char>(c);
    }
  }
  std::uint64_t records = 0;
  std::uint64_t sum = 0;
};

constexpr const char* kSamples[] = {
    "<12>Dec  4 00:01:23 db.example kernel: [15180285.537297][ T3106] java invoked oom-killer:",
    "kern  :warn  : [Thu Aug 17 17:29:27 2023] Mem-Info:",
    "6,1234,5678901,c,caller=T12;active_anon:1\\x0a active_file:2",
    "<3>1 2026-11-21T12:22:51.572035+00:00 a kernel 1 2 [a b=\"c\\\"]\"][d e=\"f\"] text",
    "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"a\\n\\ud83d\\ude00b\",\"_X\":[1,{\"y\":2}]}",
    "{\"log\":\"{\\\"MESSAGE\\\":[72,105,10,33],\\\"PRIORITY\\\":\\\"4\\\"}\\n\"}",
    "__CURSOR=1\nMESSAGE\n\x03\0\0\0\0\0\0\0abc\n_HOSTNAME=x\n\n",
    "> > \x1b[1;31m[Di Aug 12 03:54:03 2025] x\x1b[0m&lt;br&gt;<br>",
    "** 12 printk messages dropped ** [    1.500000] a [    1.500001] b#012c",
    "2026-11-21T12:22:51.572035123Z stdout P 11-21 12:22:51.572   457   460 I tag: x",
    "web-1  | ./kern.log:12:  3. `Sat 2026-11-21 12:22:51 UTC host ident[12]: x`",
};

TEST(FramingHostileTest, EveryPrefixAndEveryChangedByte) {
  for (const std::string sample : kSamples) {
    CountingSink sink;
    Framer framer(sink);
    for (std::size_t length = 0; length <= sample.size(); ++length) {
      feed(framer, std::string(sample, 0, length));
      feed(framer, std::string(sample, length));
    }
    for (std::size_t at = 0; at < sample.size(); ++at) {
      for (const char c : {'\0', '\n', '[', ']', '{', '"', '\\', '<', ':', ' ', '9', '\xff'}) {
        std::string changed = sample;
        changed[at] = c;
        feed(framer, changed);
      }
    }
    EXPECT_GT(sink.records, sample.size() / 2);
  }
}

TEST(FramingHostileTest, RandomPiecesOfFrames) {
  Random random(20261121);
  CountingSink sink;
  Framer framer(sink);
  for (int round = 0; round < 20000; ++round) {
    std::string line;
    for (auto pieces = random.between(0, 6); pieces > 0; --pieces) {
      const std::string sample = kSamples[random.between(0, std::size(kSamples) - 1)];
      const auto begin =
          static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(sample.size())));
      line += sample.substr(begin, static_cast<std::size_t>(random.between(0, 40)));
      if (random.chance(20)) line += static_cast<char>(random.between(0, 255));
    }
    feed(framer, line);
    if (random.chance(1)) framer.skipped();
  }
  EXPECT_GT(sink.records, 10000U);
}

// A line of many megabytes of whatever a scanner might begin again at.
TEST(FramingHostileTest, LongLinesCostNoMoreThanTheirLength) {
  constexpr std::size_t kBytes = 1 << 20;
  for (const std::string piece : {"[    1.000000] ",
                                  "[",
                                  "\\n<1>1 ",
                                  "\\x0a",
                                  "#012",
                                  "{\"a\":",
                                  "> ",
                                  "&lt;",
                                  "\x1b]",
                                  "\r",
                                  "\x1b",
                                  "<4>",
                                  "Nov ",
                                  "a:",
                                  "2026-11-21T12:22:51Z ",
                                  "\"\\",
                                  "[[\"",
                                  "\\n[",
                                  "** 1 printk messages dropped **",
                                  "kernel: ",
                                  " kernel: ",
                                  "\\x1b[",
                                  "\xC2\xA0",
                                  "<1>1 - a b c d [",
                                  "1"}) {
    SCOPED_TRACE(piece);
    std::string line;
    while (line.size() < kBytes)
      line += piece;
    CountingSink sink;
    Framer framer(sink);
    const auto begin = std::chrono::steady_clock::now();
    framer.line(line, 1);
    framer.line("{\"log\":\"" + line + "\"}", 2);
    framer.finish();
    const auto took = std::chrono::steady_clock::now() - begin;
    // Linear is some milliseconds; the square of a megabyte would be many minutes.
    EXPECT_LT(took, std::chrono::seconds(20));
    EXPECT_GE(sink.records, 1U);
  }
}

TEST(FramingHostileTest, ACountedFieldOfAbsurdLengthIsNotWaitedFor) {
  CountingSink sink;
  Framer framer(sink);
  framer.line("_HOSTNAME=a", 1);
  framer.line("MESSAGE", 2);
  EXPECT_EQ(framer.wants_raw(), 8U);
  framer.raw("\xff\xff\xff\xff\xff\xff\xff\x7f");
  EXPECT_EQ(framer.wants_raw(), 0U);
  EXPECT_EQ(framer.damage().of(Damage::journal_binary_field), 1U);
  framer.line("[    1.000000] x", 3);
  EXPECT_EQ(sink.records, 1U);
}

TEST(FramingHostileTest, AMessageIsKeptToALimit) {
  CollectingSink sink;
  Framer framer(sink);
  framer.line("{\"MESSAGE\":\"" + std::string(3 << 20, 'a') + "\"}", 1);
  ASSERT_EQ(sink.lines.size(), 1U);
  EXPECT_LE(sink.lines[0].text.size(), 256U * 1024U);
  EXPECT_EQ(framer.damage().of(Damage::line_too_long), 1U);
}

}  // namespace
}  // namespace oomkit
