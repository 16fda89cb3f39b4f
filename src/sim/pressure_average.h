// The running means of a pressure file, as the kernel keeps them: one sample each two seconds.
// kernel/sched/psi.c, update_averages() and calc_avgs(); calc_load() of
// include/linux/sched/loadavg.h
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "model/run_record.h"
#include "sim/pressure.h"
#include "sim/scheduler.h"

namespace oomkit::sim {

// As a pressure file prints it: hundredths of a percent over 10, 60 and 300 s, and
// microseconds in all.
struct PressureLine {
  std::array<std::int32_t, 3> averages{};
  std::int64_t total_us = 0;
};
struct PressureLines {
  PressureLine some, full;
};
struct GroupPressure {
  PressureLines memory, io, cpu;

  const PressureLines& of(PressureOf what) const {
    if (what == PressureOf::memory) return memory;
    return what == PressureOf::io ? io : cpu;
  }
};

class PressureAverages {
 public:
  // psi_period: 2 * HZ + 1 ticks, with CONFIG_HZ 250.
  static constexpr SimTime kPeriod{2'004'000'000};

  const PressureLines& update(SimTime now, const RunPsi& totals) {
    if (now >= next_) {
      const std::int64_t missed = (now - next_) / kPeriod;
      next_ += kPeriod * (missed + 1);
      const SimTime period = now - (last_ + kPeriod * missed);
      last_ = now;
      some_.take(totals.some_us, period, missed, lines_.some);
      full_.take(totals.full_us, period, missed, lines_.full);
    }
    lines_.some.total_us = totals.some_us;
    lines_.full.total_us = totals.full_us;
    return lines_;
  }

 private:
  struct Samples {
    static constexpr std::int64_t kOne = 2048;                                // FIXED_1
    static constexpr std::array<std::int64_t, 3> kFade = {1677, 1981, 2034};  // EXP_10s, ...

    void take(std::int64_t total_us, SimTime period, std::int64_t missed, PressureLine& line) {
      const std::int64_t sample_ns =
          std::min((total_us - sampled_us_) * 1000, static_cast<std::int64_t>(period.count()));
      sampled_us_ += sample_ns / 1000;
      constexpr std::int64_t kPeriodsMax = 3000;  // All is forgotten by then.
      for (std::size_t i = 0; i < loads_.size(); ++i) {
        for (std::int64_t n = 0; n < std::min(missed, kPeriodsMax); ++n)
          loads_[i] = faded(loads_[i], kFade[i], 0);
        loads_[i] = faded(loads_[i], kFade[i], sample_ns * 100 / period.count() * kOne);
        // LOAD_INT() and LOAD_FRAC()
        line.averages[i] =
            static_cast<std::int32_t>(loads_[i] / kOne * 100 + loads_[i] % kOne * 100 / kOne);
      }
    }
    static std::int64_t faded(std::int64_t load, std::int64_t fade, std::int64_t active) {
      return (load * fade + active * (kOne - fade) + (active >= load ? kOne - 1 : 0)) / kOne;
    }

    std::int64_t sampled_us_ = 0;
    std::array<std::int64_t, 3> loads_{};
  };

  Samples some_, full_;
  SimTime last_{0}, next_ = kPeriod;
  PressureLines lines_;
};

// Of all that a group may stand still for.
class GroupAverages {
 public:
  // The kernel has no cpu `full` of the host.
  const GroupPressure& update(SimTime now, PressureGroup& group, bool is_host) {
    pressure_.memory = memory_.update(now, group.totals(now, PressureOf::memory));
    pressure_.io = io_.update(now, group.totals(now, PressureOf::io));
    const RunPsi cpu = group.totals(now, PressureOf::cpu);
    pressure_.cpu = cpu_.update(now, {cpu.some_us, is_host ? 0 : cpu.full_us});
    return pressure_;
  }

 private:
  PressureAverages memory_, io_, cpu_;
  GroupPressure pressure_;
};

}  // namespace oomkit::sim
