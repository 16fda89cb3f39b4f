#include "guest/protocol.h"

#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace oomkit::guest {
namespace {

// The other side of the line.
class ProtocolTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe(ends_), 0); }
  void TearDown() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }

  std::string read_all() {
    close(ends_[1]);
    ends_[1] = -1;
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(ends_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

  int ends_[2] = {-1, -1};
};

TEST_F(ProtocolTest, EventIsALineWithTheMembersThatItHas) {
  auto outlet = Outlet::create(ends_[1], 4096);
  ASSERT_TRUE(outlet.has_value());
  Protocol protocol(*outlet);
  EventLine event;
  event.kind = "read";
  event.comm = "a \"b\"\\";
  event.instance = 2;
  event.value = "";
  protocol.event(17, event);
  ASSERT_TRUE(outlet->flush());
  EXPECT_EQ(read_all(),
            "event {\"t_ms\":17,\"kind\":\"read\",\"comm\":\"a \\\"b\\\"\\\\\",\"instance\":2,"
            "\"value\":\"\"}\n");
}

TEST_F(ProtocolTest, AnyByteGoesThroughALineOfAscii) {
  auto outlet = Outlet::create(ends_[1], 8192);
  ASSERT_TRUE(outlet.has_value());
  std::string record;
  for (int byte = 0; byte < 256; ++byte)
    record += static_cast<char>(byte);
  Protocol(*outlet).kmsg(record);
  ASSERT_TRUE(outlet->flush());
  const std::string line = read_all();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line)
    EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  const auto json = nlohmann::json::parse(line.substr(5));
  // Each byte is one code point.
  EXPECT_NE(json.at("record").get<std::string>().find("\xc3\xbf"), std::string::npos);
}

TEST_F(ProtocolTest, NestedPartsAreClosed) {
  auto outlet = Outlet::create(ends_[1], 4096);
  ASSERT_TRUE(outlet.has_value());
  {
    JsonLine line(*outlet, "host");
    line.begin_array("zones");
    line.begin_item();
    line.field("node", std::int64_t{0});
    line.close();
    line.begin_item();
  }
  ASSERT_TRUE(outlet->flush());
  EXPECT_EQ(read_all(), "host {\"zones\":[{\"node\":0},{}]}\n");
}

TEST_F(ProtocolTest, MoreThanTheBufferHoldsWaitsForTheOtherSide) {
  auto outlet = Outlet::create(ends_[1], 4096);
  ASSERT_TRUE(outlet.has_value());
  std::string text;
  std::thread reader([&] {
    char buffer[1000];
    while (text.size() < 1'000'000) {
      const ssize_t got = read(ends_[0], buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
  });
  Protocol(*outlet).capture("l", "p", std::string(1'000'000, 'x'));
  EXPECT_TRUE(outlet->flush());
  reader.join();
  text += read_all();
  EXPECT_EQ(nlohmann::json::parse(text.substr(8)).at("text").get<std::string>().size(), 1'000'000U);
}

TEST_F(ProtocolTest, WithoutTheOtherSideNothingHangs) {
  close(ends_[0]);
  ends_[0] = open("/dev/null", O_RDONLY);
  signal(SIGPIPE, SIG_IGN);
  auto outlet = Outlet::create(ends_[1], 4096);
  ASSERT_TRUE(outlet.has_value());
  Protocol(*outlet).capture("l", "p", std::string(100'000, 'x'));
  EXPECT_FALSE(outlet->flush());
  EXPECT_TRUE(outlet->is_lost());
}

}  // namespace
}  // namespace oomkit::guest
