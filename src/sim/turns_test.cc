// Turns that are taken by numbers end in the same state as turns taken step by step.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "sim/test_turns.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

// So many rounds of three steps.
class Drum : public Rhythm {
 public:
  static constexpr SimTime kPrelude = 700us, kBeat = 2'048us, kRest = 311us;

  explicit Drum(std::int64_t rounds)
      : Rhythm({kPrelude, kPrelude + kBeat, kPrelude + kBeat + kRest}), rounds_to_go_(rounds) {}

  void plan() override { allow(step_, rounds_to_go_); }
  void settle() override {
    rounds_to_go_ -= rounds();
    step_ = next();
    allow(step_, 0);
  }

  bool is_over() const { return rounds_to_go_ == 0; }
  SimTime begin() {
    ++asked_;
    const SimTime time = step_ == 0 ? kPrelude : step_ == 1 ? kBeat : kRest;
    if (++step_ == 3) {
      step_ = 0;
      --rounds_to_go_;
    }
    return time;
  }
  std::int64_t begun() const { return -rounds_to_go_ * 3 + static_cast<std::int64_t>(step_); }
  std::int64_t asked() const { return asked_; }  // How often its thread looked itself.

 private:
  std::int64_t rounds_to_go_;
  std::size_t step_ = 0;
  std::int64_t asked_ = 0;
};

Co<void> beat(Scheduler& scheduler, Thread& thread, Drum& drum, bool by_numbers) {
  while (!drum.is_over()) {
    const SimTime time = drum.begin();
    co_await scheduler.spend(thread, time, by_numbers ? &drum : nullptr);
  }
}

struct Drummers {
  std::vector<int> nices;
  TurnRules rules;
  std::int64_t rounds = 0;
  std::optional<SimTime> visits;  // How often somebody else comes, and works a little.
};

struct Seen {
  std::vector<std::int64_t> at_events;
  SimTime end{0};
  std::int64_t asked = 0;
};

Seen play_drums(const Drummers& drummers, bool by_numbers) {
  Scheduler scheduler(1, drummers.rules);
  std::vector<std::unique_ptr<Drum>> drums;
  std::vector<Thread*> threads;
  for (const int nice : drummers.nices) {
    drums.push_back(std::make_unique<Drum>(drummers.rounds + nice));
    threads.push_back(&scheduler.create(nice));
    scheduler.start(*threads.back(), beat(scheduler, *threads.back(), *drums.back(), by_numbers));
  }
  Seen seen;
  for (const SimTime when : {SimTime(23ms), SimTime(900ms), SimTime(901ms), SimTime(7s)}) {
    scheduler.at(when, [&] {
      for (std::size_t i = 0; i < drums.size(); ++i) {
        seen.at_events.push_back(drums[i]->begun());
        seen.at_events.push_back(threads[i]->ran().count());
        seen.at_events.push_back(threads[i]->is_running() ? 1 : 0);
      }
    });
  }
  if (drummers.visits) {
    Thread& visitor = scheduler.create(0);
    scheduler.start(visitor, [](Scheduler& its, Thread& own, SimTime every) -> Co<void> {
      for (int i = 0; i < 20; ++i) {
        co_await its.pause_for(own, every);
        co_await its.spend(own, 5ms);
      }
    }(scheduler, visitor, *drummers.visits));
  }
  while (scheduler.step()) {
  }
  for (const auto& drum : drums)
    seen.asked += drum->asked();
  seen.end = scheduler.now();
  return seen;
}

TEST(TurnsTest, ByNumbersAsStepByStep) {
  const std::vector<std::vector<int>> all_nices = {
      {0, 0}, {0, 5}, {19, 0}, {-5, 3, 10}, {0, 0, 0, 0}};
  for (const std::vector<int>& nices : all_nices) {
    for (const TurnRules& rules : {kByTicks, kSlicesAtTicks, kSlices}) {
      for (const std::optional<SimTime> visits : {std::optional<SimTime>(), {SimTime(333ms)}}) {
        const Drummers drummers{nices, rules, 2'000, visits};
        SCOPED_TRACE(testing::Message()
                     << nices.size() << " threads, the first of nice " << nices[0]
                     << (rules.slices_are_kept ? ", slices" : ", ticks")
                     << (rules.ends_between_ticks ? " by a timer" : "")
                     << (visits ? ", with visits" : ""));
        const Seen by_step = play_drums(drummers, false);
        const Seen by_numbers = play_drums(drummers, true);
        EXPECT_EQ(by_numbers.at_events, by_step.at_events);
        EXPECT_EQ(by_numbers.end, by_step.end);
        // Who is the only one left plays alone, step by step.
        const bool are_equal = nices == std::vector<int>(nices.size(), nices[0]);
        EXPECT_LT(by_numbers.asked, are_equal ? by_step.asked / 4 : by_step.asked);
      }
    }
  }
}

// A hundred thousand times as much work is no more to be looked at.
TEST(TurnsTest, WhatComesAgainIsDoneAtOnce) {
  constexpr std::int64_t kMore = 100'000;
  const Drummers little{{0, 0}, kSlicesAtTicks, 10'000, std::nullopt};
  Drummers much = little;
  much.rounds *= kMore;
  const Seen of_little = play_drums(little, true);
  const Seen of_much = play_drums(much, true);
  EXPECT_EQ(of_much.end, of_little.end * kMore);
  EXPECT_LT(of_much.asked, of_little.asked + 100);
}

}  // namespace
}  // namespace oomkit::sim
