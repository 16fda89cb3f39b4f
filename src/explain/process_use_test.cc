#include "explain/process_use.h"

#include <string>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

TEST(CommKeyTest, AStringAndItsViewAreTheSameName) {
  for (const bool roomy : {false, true}) {
    for (std::size_t size = 0; size <= 40; ++size) {
      std::string name(size, 'x');
      for (std::size_t i = 0; i < size; ++i)
        name[i] = static_cast<char>('a' + i % 26);
      if (roomy) name.reserve(100);
      EXPECT_EQ(CommKey(name), CommKey(std::string_view(name))) << size;
      EXPECT_EQ(CommKey(name).text(), name.substr(0, 16));
    }
  }
}

TEST(CommKeyTest, WhatAStringHeldBeforeIsNoPartOfItsName) {
  std::string name = "chromium";
  name = "cat";
  EXPECT_EQ(CommKey(name), CommKey(std::string_view("cat")));
}

TEST(ProcessUseTest, OwnMemoryOfTheProcess) {
  Task plain;
  plain.pid = 7;
  plain.rss = Pages(10);
  plain.swapents = Pages(2);
  Task parts = plain;
  parts.pid = 9;
  parts.tgid = 8;
  parts.rss_anon = Pages(4);
  const Task unknown;
  const auto uses = process_uses({plain, unknown, parts}, PageSize::k4K);
  ASSERT_EQ(uses.size(), 2U);
  EXPECT_EQ(uses[0].pid, 7);
  EXPECT_EQ(uses[0].use(), Bytes(12 * 4096));
  EXPECT_EQ(uses[1].pid, 8);
  EXPECT_EQ(uses[1].rss, Bytes(4 * 4096));
  EXPECT_EQ(uses[1].row, 2U);
  EXPECT_TRUE(process_uses({plain}, std::nullopt).empty());
}

}  // namespace
}  // namespace oomkit
