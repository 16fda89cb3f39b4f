#include "guest/board.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/clock.h"

namespace oomkit::guest {
namespace {

constexpr std::int64_t kLong = 20 * kNanosecondsPerSecond;

Board board_of(std::size_t marks, std::size_t slots) {
  auto board = Board::create(marks, slots, 2);
  EXPECT_TRUE(board.has_value());
  return *board;
}

// What `work` does in a process of its own.
template <class Work>
pid_t in_child(Work work) {
  const pid_t pid = fork();
  if (pid == 0) {
    work();
    _exit(0);
  }
  return pid;
}

TEST(BoardTest, AMarkWakesWhoWaitsForIt) {
  Board board = board_of(2, 1);
  const pid_t waiter = in_child([&] { board.wait_mark(1); });
  board.reach_mark(0);
  board.reach_mark(1);
  int status = -1;
  EXPECT_EQ(waitpid(waiter, &status, 0), waiter);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(board.is_reached(1));
}

TEST(BoardTest, TheGateHoldsAllUntilItOpens) {
  Board board = board_of(1, 1);
  Slot* slot = board.take_slot();
  slot->state.store(static_cast<std::uint32_t>(SlotState::starting));
  const pid_t actor = in_child([&] {
    board.set_state(*slot, SlotState::ready);
    board.wait_gate();
    board.reach_mark(0);
  });
  EXPECT_TRUE(Board::wait_ready(*slot, kLong));
  EXPECT_FALSE(board.is_reached(0));
  board.open_gate(123);
  waitpid(actor, nullptr, 0);
  EXPECT_TRUE(board.is_reached(0));
  EXPECT_EQ(board.begin_ns(), 123);
}

TEST(BoardTest, WhoDoesNotGetReadyIsGivenUp) {
  Board board = board_of(0, 1);
  Slot* slot = board.take_slot();
  slot->state.store(static_cast<std::uint32_t>(SlotState::starting));
  EXPECT_FALSE(Board::wait_ready(*slot, kNanosecondsPerMillisecond));
}

TEST(BoardTest, NotesComeInOrderAlsoWhenThereAreMoreThanTheRingHolds) {
  Board board = board_of(0, 1);
  Slot* slot = board.take_slot();
  constexpr int kNotes = 100;
  const pid_t actor = in_child([&] {
    for (int i = 0; i < kNotes; ++i)
      board.post(*slot, {.kind = Note::Kind::refused, .value = i});
  });
  for (int i = 0; i < kNotes;) {
    const auto note = Board::take_note(*slot);
    if (!note) continue;
    EXPECT_EQ(note->value, i);
    ++i;
  }
  waitpid(actor, nullptr, 0);
  EXPECT_FALSE(Board::take_note(*slot).has_value());
}

TEST(BoardTest, NotesOfManyAreTakenInTheOrderOfTheirTime) {
  Board board = board_of(0, 3);
  for (int i = 0; i < 3; ++i)
    ASSERT_NE(board.take_slot(), nullptr);
  board.post(board.slot(2), {.value = 1, .time_ns = 10});
  board.post(board.slot(0), {.value = 2, .time_ns = 20});
  board.post(board.slot(2), {.value = 3, .time_ns = 30});
  board.post(board.slot(1), {.value = 4, .time_ns = 40});
  for (int i = 1; i <= 4; ++i) {
    Slot* slot = board.slot_of_oldest_note();
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(Board::take_note(*slot)->value, i);
  }
  EXPECT_EQ(board.slot_of_oldest_note(), nullptr);
}

// Two that answer each other, the second in the slot that is looked at first.
TEST(BoardTest, AnAnswerNeverComesBeforeItsQuestion) {
  constexpr std::size_t kRounds = 2000;
  Board board = board_of(2 * kRounds, 2);
  Slot* answers = board.take_slot();
  Slot* asks = board.take_slot();
  const pid_t asker = in_child([&] {
    for (std::size_t i = 0; i < kRounds; ++i) {
      board.post(*asks, {.value = static_cast<std::int64_t>(2 * i), .time_ns = now_ns()});
      board.reach_mark(2 * i);
      board.wait_mark(2 * i + 1);
    }
  });
  const pid_t answerer = in_child([&] {
    for (std::size_t i = 0; i < kRounds; ++i) {
      board.wait_mark(2 * i);
      board.post(*answers, {.value = static_cast<std::int64_t>(2 * i + 1), .time_ns = now_ns()});
      board.reach_mark(2 * i + 1);
    }
  });
  for (std::size_t i = 0; i < 2 * kRounds;) {
    Slot* slot = board.slot_of_oldest_note();
    if (slot == nullptr) continue;
    EXPECT_EQ(Board::take_note(*slot)->value, static_cast<std::int64_t>(i));
    ++i;
  }
  waitpid(asker, nullptr, 0);
  waitpid(answerer, nullptr, 0);
}

// The kernel kills at any instruction; who is left must still be heard.
TEST(BoardTest, AKilledWriterHarmsNobody) {
  Board board = board_of(0, 2);
  Slot* doomed = board.take_slot();
  Slot* other = board.take_slot();
  const pid_t actor = in_child([&] {
    while (true)
      board.post(*doomed, {.value = 1});
  });
  for (int i = 0; i < 50; ++i)
    while (!Board::take_note(*doomed)) {
    }
  kill(actor, SIGKILL);
  waitpid(actor, nullptr, 0);
  while (Board::take_note(*doomed)) {
  }
  board.post(*other, {.value = 2});
  EXPECT_EQ(Board::take_note(*other)->value, 2);
}

TEST(BoardTest, ThereAreSoManySlotsAndNoMore) {
  Board board = board_of(0, 2);
  EXPECT_NE(board.take_slot(), nullptr);
  Slot* second = board.take_slot();
  second->pid.store(77);
  EXPECT_EQ(board.take_slot(), nullptr);
  EXPECT_EQ(board.slots_taken(), 2U);
  EXPECT_EQ(board.slot_of_pid(77), second);
  EXPECT_EQ(board.slot_of_pid(78), nullptr);
}

TEST(BoardTest, CopiesAreNumberedByComm) {
  Board board = board_of(0, 1);
  EXPECT_EQ(board.next_instance(0), 1);
  EXPECT_EQ(board.next_instance(0), 2);
  EXPECT_EQ(board.next_instance(1), 1);
}

TEST(ExitStatusTest, HowAProcessEndedIsOneNumber) {
  siginfo_t info{};
  info.si_code = CLD_EXITED;
  info.si_status = 3;
  EXPECT_EQ(exit_status(info), 3);
  info.si_code = CLD_KILLED;
  info.si_status = SIGKILL;
  EXPECT_EQ(signal_of(exit_status(info)), SIGKILL);
  info.si_code = CLD_DUMPED;
  info.si_status = SIGABRT;
  EXPECT_EQ(signal_of(exit_status(info)), SIGABRT);
  EXPECT_TRUE(has_core(exit_status(info)));
}

}  // namespace
}  // namespace oomkit::guest
