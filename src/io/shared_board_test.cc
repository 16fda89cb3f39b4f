// The board: a reader has all of what was written at once, or knows that it has not.
#include "io/shared_board.h"

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace oomkit {
namespace {

using Numbers = std::array<std::uint64_t, 256>;

TEST(SharedBoard, NothingIsReadBeforeAnythingWasWritten) {
  const auto board = std::make_unique<SharedBoard>();
  Numbers numbers{};
  EXPECT_FALSE(board->read(std::as_writable_bytes(std::span(numbers))));
}

TEST(SharedBoard, APartIsReplacedInItsPlace) {
  const auto board = std::make_unique<SharedBoard>();
  const Numbers first{1, 2, 3, 4};
  board->write(0, std::as_bytes(std::span(first)));
  const std::array<std::uint64_t, 2> part{7, 8};
  board->write(sizeof(std::uint64_t), std::as_bytes(std::span(part)));
  std::array<std::uint64_t, 4> numbers{};
  ASSERT_TRUE(board->read(std::as_writable_bytes(std::span(numbers))));
  EXPECT_EQ(numbers, (std::array<std::uint64_t, 4>{1, 7, 8, 4}));
}

TEST(SharedBoard, AReaderNeverHasTheHalfOfAWriting) {
  const auto board = std::make_unique<SharedBoard>();
  constexpr std::uint64_t kWritings = 20'000;
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    Numbers numbers{};
    for (std::uint64_t round = 1; round <= kWritings; ++round) {
      numbers.fill(round);
      board->write(0, std::as_bytes(std::span(numbers)));
    }
    is_over = true;
  });
  std::uint64_t read = 0;
  std::uint64_t last = 0;
  bool was_over = false;
  while (!was_over) {
    was_over = is_over;
    Numbers numbers{};
    if (!board->read(std::as_writable_bytes(std::span(numbers)))) continue;
    ++read;
    for (const std::uint64_t number : numbers)
      ASSERT_EQ(number, numbers.front());
    ASSERT_GE(numbers.front(), last);
    last = numbers.front();
  }
  writer.join();
  EXPECT_GT(read, 0U);
  EXPECT_EQ(last, kWritings);
}

}  // namespace
}  // namespace oomkit
