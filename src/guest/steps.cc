#include "guest/steps.h"

#include <algorithm>
#include <csignal>
#include <optional>

#include <unistd.h>

#include "guest/clock.h"
#include "guest/pace.h"

namespace oomkit::guest {
namespace {

Pace pace_of(const Step& step) {
  const auto rate = step.rate ? std::optional(step.rate->count()) : std::nullopt;
  return {rate, now_ns()};
}

// The size of the step, or its share of what the actor holds.
std::int64_t amount_of(Actor& actor, const Step& step) {
  if (!step.percent) return step.size.count();
  const std::int64_t held = actor.holdings().held_bytes();
  return held / 100 * *step.percent + held % 100 * *step.percent / 100;
}

void do_hold(Actor& actor, const Step& step, Holdings::Sort sort) {
  repeat(step, [&] {
    if (const int error = actor.holdings().reserve(step.size.count(), sort); error != 0) {
      actor.refused(error);
      return false;
    }
    if (step.touch) actor.holdings().fill_newest(pace_of(step));
    return true;
  });
}

void do_free(Actor& actor, const Step& step) {
  repeat(step, [&] {
    actor.holdings().release(amount_of(actor, step));
    return true;
  });
}

void do_touch(Actor& actor, const Step& step) {
  repeat(step, [&] {
    actor.holdings().touch(amount_of(actor, step), pace_of(step));
    return true;
  });
}

// What is missing to the size is allocated first: "lock 20M" locks 20M in any case.
void do_lock(Actor& actor, const Step& step) {
  repeat(step, [&] {
    Holdings& holdings = actor.holdings();
    const std::int64_t amount = amount_of(actor, step);
    const std::int64_t missing = amount - holdings.touched_bytes();
    int error = 0;
    if (missing > 0) {
      error = holdings.reserve(missing, Holdings::Sort::anonymous);
      if (error == 0) holdings.fill_newest(pace_of(step));
    }
    if (error == 0) error = holdings.lock(amount);
    if (error != 0) actor.refused(error);
    return error == 0;
  });
}

void do_page_tables(Actor& actor, const Step& step) {
  repeat(step, [&] {
    const int error = actor.holdings().spread(step.size.count());
    if (error != 0) actor.refused(error);
    return error == 0;
  });
}

}  // namespace

void do_step(Actor& actor, const Step& step) {
  switch (step.kind) {
    case Step::Kind::alloc:
      return do_hold(actor, step, step.huge ? Holdings::Sort::huge : Holdings::Sort::anonymous);
    case Step::Kind::shm:
      return do_hold(actor, step, Holdings::Sort::shared);
    case Step::Kind::free:
      return do_free(actor, step);
    case Step::Kind::touch:
      return do_touch(actor, step);
    case Step::Kind::lock:
      return do_lock(actor, step);
    case Step::Kind::read_file:
      return do_read_file(actor, step);
    case Step::Kind::write_file:
      return do_write_file(actor, step);
    case Step::Kind::page_tables:
      return do_page_tables(actor, step);
    case Step::Kind::files:
      return do_files(actor, step);
    case Step::Kind::sock:
      return do_sock(actor, step);
    case Step::Kind::fork:
      return do_fork(actor, step);
    case Step::Kind::vfork:
      return do_vfork(actor, step);
    case Step::Kind::sleep:
      return repeat(step, [&] {
        sleep_until_ns(now_ns() + step.duration.count() * kNanosecondsPerMillisecond);
        return true;
      });
    case Step::Kind::mark:
      return actor.reach_mark(step.name);
    case Step::Kind::wait:
      return actor.board().wait_mark(actor.plan().mark(step.name));
    case Step::Kind::ignore_sigterm:
      // NOLINTNEXTLINE(performance-no-int-to-ptr): SIG_DFL and SIG_IGN are such pointers.
      signal(SIGTERM, step.touch ? SIG_IGN : SIG_DFL);
      return;
    case Step::Kind::exit:
      _exit(step.exit_code);
  }
}

}  // namespace oomkit::guest
