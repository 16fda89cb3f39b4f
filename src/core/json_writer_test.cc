// Whatever the bytes, the text is valid JSON and valid UTF-8; a parser that is not ours
// is the judge.
#include "core/json_writer.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/random.h"

namespace oomkit {
namespace {

std::string literal(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonWriter, WritesNestedValuesWithCommasInTheirPlaces) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("name", "java");
  json.field("none", std::optional<Bytes>());
  json.field("some", std::optional(Bytes(5)));
  json.key("list");
  json.begin_array();
  json.begin_object();
  json.end_object();
  json.value(1);
  json.value(true);
  json.null();
  json.begin_array();
  json.end_array();
  json.end_array();
  json.field("last", false);
  json.end_object();
  EXPECT_EQ(out, R"({"name":"java","none":null,"some":5,"list":[{},1,true,null,[]],"last":false})");
}

TEST(JsonWriter, TheCallerMayDrainBetweenCalls) {
  std::string out;
  std::string drained;
  JsonWriter json(out);
  const auto drain = [&] {
    drained += out;
    out.clear();
  };
  json.begin_array();
  drain();
  for (int i = 0; i < 3; ++i) {
    json.value(i);
    drain();
  }
  json.end_array();
  drain();
  EXPECT_EQ(drained, "[0,1,2]");
}

TEST(JsonWriter, NumbersReadBackTheSame) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::uint64_t>::max());
  json.value(0.1);
  json.value(-1e300);
  json.value(std::numeric_limits<double>::denorm_min());
  json.value(std::nan(""));
  json.value(std::numeric_limits<double>::infinity());
  json.end_array();
  const auto read = nlohmann::json::parse(out);
  EXPECT_EQ(read[0].get<std::int64_t>(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read[1].get<std::uint64_t>(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(read[2].get<double>(), 0.1);
  EXPECT_EQ(read[3].get<double>(), -1e300);
  EXPECT_EQ(read[4].get<double>(), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(read[5].is_null());
  EXPECT_TRUE(read[6].is_null());
}

TEST(JsonWriterDeathTest, BrokenNestingIsABug) {
  std::string out;
  EXPECT_DEATH(
      {
        JsonWriter json(out);
        json.begin_object();
        json.key("a");
        json.key("b");
      },
      "two keys");
  EXPECT_DEATH(
      {
        JsonWriter json(out);
        json.begin_object();
        json.key("a");
        json.end_object();
      },
      "after a key");
  EXPECT_DEATH(JsonWriter(out).end_array(), "did not begin");
}

TEST(JsonWriterDeathTest, WhatTheHeaderForbidsIsABugToo) {
  std::string out;
  EXPECT_DEATH(
      {
        JsonWriter json(out);
        json.begin_object();
        json.value(1);
      },
      "without a key");
  EXPECT_DEATH(
      {
        JsonWriter json(out);
        json.begin_array();
        json.key("a");
      },
      "in an array");
  EXPECT_DEATH(
      {
        JsonWriter json(out);
        json.begin_array();
        json.end_object();
      },
      "did not begin");
}

TEST(JsonString, TextStaysAsItIs) {
  EXPECT_EQ(literal("java"), R"("java")");
  EXPECT_EQ(literal(""), R"("")");
  EXPECT_EQ(literal("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
            "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

// Plain text is passed over eight bytes at a time: a byte must not matter by where it stands.
TEST(JsonString, EachByteIsTreatedAlikeAtEachPlace) {
  for (int value = 0; value < 256; ++value) {
    const std::string alone = literal(std::string(1, static_cast<char>(value)));
    const std::string inside = alone.substr(1, alone.size() - 2);
    for (std::size_t before = 0; before < 18; ++before) {
      for (const std::size_t after : {0U, 1U, 7U, 8U, 9U}) {
        const std::string left(before, 'a');
        const std::string right(after, 'z');
        std::string text = left;
        text += static_cast<char>(value);
        text += right;
        std::string expected = "\"";
        expected.append(left).append(inside).append(right).append("\"");
        ASSERT_EQ(literal(text), expected) << value << " behind " << before;
      }
    }
  }
}

TEST(JsonString, WhatATerminalWouldObeyIsEscaped) {
  EXPECT_EQ(literal("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(literal("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(literal(std::string_view("\x1b[31m\0\x7f", 7)), "\"\\u001b[31m\\u0000\\u007f\"");
  EXPECT_EQ(literal("\xc2\x9b"), "\"\\u009b\"") << "CSI of one character, U+009B";
  EXPECT_EQ(literal("\xc2\xa0"), "\"\xc2\xa0\"");
}

TEST(JsonString, BytesThatAreNotUtf8AreReplacedOneByOne) {
  const std::string mark = "\xef\xbf\xbd";
  struct Row {
    const char* name;
    std::string_view bytes;
    int marks;
  };
  for (const Row& row : {
           Row{"a continuation alone", "\x80", 1},
           Row{"a lead alone", "\xc3", 1},
           Row{"a three-byte form cut", "\xe2\x82", 2},
           Row{"overlong slash", "\xc0\xaf", 2},
           Row{"overlong in three bytes", "\xe0\x80\xaf", 3},
           Row{"overlong in four bytes", "\xf0\x80\x80\xaf", 4},
           Row{"a surrogate", "\xed\xa0\x80", 3},
           Row{"beyond U+10FFFF", "\xf4\x90\x80\x80", 4},
           Row{"bytes that no UTF-8 has", "\xfe\xff", 2},
       }) {
    std::string expected = "\"";
    for (int i = 0; i < row.marks; ++i)
      expected += mark;
    EXPECT_EQ(literal(row.bytes), expected + '"') << row.name;
    EXPECT_EQ(literal(std::string("a") + std::string(row.bytes) + "b").size(), expected.size() + 3)
        << row.name << ": what follows is not swallowed";
  }
}

TEST(JsonString, AnyBytesAtAllGiveAStringThatAStrictParserReads) {
  Random random(42);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes;
    for (std::int64_t i = random.between(0, 40); i > 0; --i) {
      bytes +=
          random.chance(50)
              ? static_cast<char>(random.between(0, 255))
              : random.pick({'\xe2', '\x82', '\xac', '\xf0', '\x9f', '\xc2', '\x9b', '"', '\\'});
    }
    const std::string out = literal(bytes);
    const auto read = nlohmann::json::parse(out, nullptr, false);
    ASSERT_TRUE(read.is_string()) << "round " << round;
    for (const char c : out)
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << "round " << round;
  }
}

}  // namespace
}  // namespace oomkit
