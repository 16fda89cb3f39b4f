#include "sim/pressure_watch.h"

namespace oomkit::sim {
namespace {

using namespace std::chrono_literals;

constexpr SimTime kWatchWindow = 1s;
constexpr SimTime kWatchPeriod = kWatchWindow / 10;  // UPDATES_PER_WINDOW
constexpr SimTime kWatchJiffy = 4ms;                 // CONFIG_HZ 250.

}  // namespace

void PressureWatch::Window::reset(SimTime now, std::int64_t total_us, std::int64_t grown_us) {
  begin = now;
  begin_us = total_us;
  before_us = grown_us;
}

// What a window before this one adds is taken to have been spread evenly over it.
bool PressureWatch::Window::fires(SimTime now, std::int64_t total_us) {
  const SimTime elapsed = now - begin;
  std::int64_t grown_us = total_us - begin_us;
  if (elapsed > kWatchWindow) {
    reset(now, total_us, grown_us);
  } else {
    grown_us += before_us * (kWatchWindow - elapsed).count() / kWatchWindow.count();
  }
  if (grown_us < limit_us || (fired && now < *fired + kWatchWindow)) return false;
  fired = now;
  return true;
}

void PressureWatch::stall_begins() {
  if (is_due_) return;
  is_due_ = true;
  scheduler_.at(scheduler_.now() + kWatchJiffy, [this] { look(); });
}

void PressureWatch::look() {
  const SimTime now = scheduler_.now();
  const RunPsi totals = group_.totals(now);
  const bool changed = totals.some_us != seen_.some_us || totals.full_us != seen_.full_us;
  seen_ = totals;
  is_due_ = false;
  if (changed) {
    if (now > until_) {
      some_.reset(now, totals.some_us, 0);
      full_.reset(now, totals.full_us, 0);
      next_ = now + kWatchPeriod;
    }
    until_ = now + kWatchWindow;
  }
  if (now > until_) return;
  if (now >= next_) {
    const bool some = changed && some_.fires(now, totals.some_us);
    const bool full = changed && full_.fires(now, totals.full_us);
    if (some || full) wake_();
    next_ = now + kWatchPeriod;
  }
  is_due_ = true;
  scheduler_.at(next_ + kWatchJiffy, [this] { look(); });
}

}  // namespace oomkit::sim
