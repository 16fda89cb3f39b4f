// Work that is the same few steps again and again, so that a scheduler can do it without asking.
//
// A process that gives its memory back unmaps and frees by batches of a fixed size. While all who
// want the processor do such work and nothing is due, nobody can tell when which of them did what:
// the scheduler plays their turns by numbers (turns.cc), and the pages follow when somebody could
// look. A thread says what it does by the rhythm that it hands to spend().
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace oomkit::sim {

class Rhythm {
 public:
  using Time = std::chrono::nanoseconds;

  // When each step of a round ends, from the begin of the round.
  explicit Rhythm(std::vector<Time> ends) : ends_(std::move(ends)) {}
  Rhythm(const Rhythm&) = delete;
  Rhythm& operator=(const Rhythm&) = delete;
  virtual ~Rhythm() = default;

  // Before turns are played: which step begins next, and how many rounds may end before its thread
  // has to look itself (allow()), whatever the others do.
  virtual void plan() = 0;
  // What was begun since then is done.
  virtual void settle() = 0;

  bool may_begin() const { return rounds_ < allowed_; }
  std::size_t next() const { return next_; }
  std::int64_t rounds() const { return rounds_; }
  std::int64_t rounds_left() const { return allowed_ - rounds_; }
  void repeat(std::int64_t rounds) { rounds_ += rounds; }

  // The step that is next, begun: how long it takes.
  Time begin_step() {
    const Time time = ends_[next_] - begin_of(next_);
    if (++next_ == ends_.size()) {
      next_ = 0;
      ++rounds_;
    }
    return time;
  }
  // All steps that are over before `limit`, but for the last one that is allowed: how long they
  // take.
  Time skip(Time limit) {
    if (limit <= Time(0)) return Time(0);
    const Time begin = begin_of(next_);
    const Time last = begin + limit - Time(1);
    const auto rounds = static_cast<std::int64_t>(last / ends_.back());
    const auto over = std::upper_bound(ends_.begin(), ends_.end(), last % ends_.back());
    const bool all = rounds >= rounds_left();
    const std::int64_t whole = all ? rounds_left() - 1 : rounds;
    next_ = all ? ends_.size() - 1 : static_cast<std::size_t>(over - ends_.begin());
    rounds_ += whole;
    return ends_.back() * whole + begin_of(next_) - begin;
  }

 protected:
  void allow(std::size_t next, std::int64_t rounds) {
    next_ = next;
    rounds_ = 0;
    allowed_ = rounds;
  }

 private:
  Time begin_of(std::size_t step) const { return step == 0 ? Time(0) : ends_[step - 1]; }

  std::vector<Time> ends_;
  std::size_t next_ = 0;
  std::int64_t rounds_ = 0, allowed_ = 0;
};

}  // namespace oomkit::sim
