// The steps of a scenario, done: each verb is one function over the actor that does it.
#pragma once

#include "guest/actor.h"
#include "scenario/scenario.h"

namespace oomkit::guest {

void do_step(Actor& actor, const Step& step);

// For the step files:

// Does `once` as often and at the times that the step says, until it says false.
template <class Once>
void repeat(const Step& step, Once once);

void do_read_file(Actor& actor, const Step& step);
void do_write_file(Actor& actor, const Step& step);
void do_files(Actor& actor, const Step& step);
void do_sock(Actor& actor, const Step& step);
void do_fork(Actor& actor, const Step& step);
void do_vfork(Actor& actor, const Step& step);

}  // namespace oomkit::guest

#include "guest/clock.h"

namespace oomkit::guest {

template <class Once>
void repeat(const Step& step, Once once) {
  const std::int64_t begin = now_ns();
  const std::int64_t every = step.every.count() * kNanosecondsPerMillisecond;
  for (int i = 0; i < step.times; ++i) {
    if (every > 0 && i > 0) sleep_until_ns(begin + i * every);
    if (!once()) return;
  }
}

}  // namespace oomkit::guest
