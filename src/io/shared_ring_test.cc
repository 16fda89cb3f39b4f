// The mailbox between the guard and its helper.
#include "io/shared_ring.h"

#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oomkit {
namespace {

TEST(SharedRing, MessagesComeOutWholeAndInTheirOrder) {
  SharedRing ring = std::move(SharedRing::create()).value();
  std::string message;
  EXPECT_FALSE(ring.pop(message));
  // Several times around.
  for (int count = 0; count < 1000; ++count) {
    const std::string first(static_cast<std::size_t>(count), 'a');
    ASSERT_TRUE(ring.push(first));
    ASSERT_TRUE(ring.push("second"));
    ASSERT_TRUE(ring.pop(message));
    ASSERT_EQ(message, first);
    ASSERT_TRUE(ring.pop(message));
    ASSERT_EQ(message, "second");
  }
  EXPECT_EQ(ring.lost(), 0U);
}

TEST(SharedRing, WhatDoesNotFitIsLostAndCountedAndTheRestStaysWhole) {
  SharedRing ring = std::move(SharedRing::create()).value();
  const std::string message(10'000, 'm');
  std::uint64_t pushed = 0;
  for (int count = 0; count < 20; ++count)
    pushed += ring.push(message) ? 1U : 0U;
  EXPECT_EQ(pushed + ring.lost(), 20U);
  EXPECT_GT(ring.lost(), 0U);
  std::string read;
  for (std::uint64_t count = 0; count < pushed; ++count) {
    ASSERT_TRUE(ring.pop(read));
    EXPECT_EQ(read, message);
  }
  EXPECT_FALSE(ring.pop(read));
  EXPECT_FALSE(ring.push(std::string(SharedRing::kRoom, 'x'))) << "it will never fit";
}

TEST(SharedRing, AnotherProcessReadsItAndIsWoken) {
  SharedRing ring = std::move(SharedRing::create()).value();
  const pid_t child = ::fork();
  if (child == 0) {
    SharedRing same =
        std::move(SharedRing::attach(::dup(ring.memory_file()), ::dup(ring.wake_file()))).value();
    same.number(3) = 42;
    ::_exit(same.push("from the other side") ? 0 : 1);
  }
  pollfd wake{ring.wake_file(), POLLIN, 0};
  constexpr int kTenSeconds = 10'000;
  EXPECT_EQ(::poll(&wake, 1, kTenSeconds), 1);
  ::waitpid(child, nullptr, 0);
  std::string message;
  ASSERT_TRUE(ring.pop(message));
  EXPECT_EQ(message, "from the other side");
  EXPECT_EQ(ring.number(3), 42);
  ring.quiet();
  EXPECT_EQ(::poll(&wake, 1, 0), 0);
}

TEST(SharedRing, AWriterThatLiesAboutALengthIsPassedOver) {
  SharedRing ring = std::move(SharedRing::create()).value();
  ASSERT_TRUE(ring.push("x"));
  struct stat about {};
  ASSERT_EQ(::fstat(ring.memory_file(), &about), 0);
  const off_t room_at = about.st_size - static_cast<off_t>(SharedRing::kRoom);
  const std::uint32_t lie = 0xffffffff;
  ASSERT_EQ(::pwrite(ring.memory_file(), &lie, sizeof lie, room_at), ssize_t{sizeof lie});
  std::string message;
  EXPECT_FALSE(ring.pop(message));
  ASSERT_TRUE(ring.push("next"));
  ASSERT_TRUE(ring.pop(message));
  EXPECT_EQ(message, "next");
}

}  // namespace
}  // namespace oomkit
