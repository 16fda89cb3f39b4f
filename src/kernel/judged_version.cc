#include "kernel/judged_version.h"

#include <algorithm>
#include <string_view>

namespace oomkit {
namespace {

// Released between `from` and, if it was taken out again, before `until`.
class Span {
 public:
  void narrow(KernelVersion from, KernelVersion until) {
    from_ = std::max(from_, from);
    until_ = std::min(until_, until);
    dated_ = true;
  }
  void narrow(KernelVersion from) { narrow(from, kNone); }

  bool dated() const { return dated_; }
  KernelVersion from() const { return from_; }

  // One version to stand for all that is left: a long-lived 5.10 where it is among
  // them, for its rules hold from 5.9 to today, else the first.
  KernelVersion typical() const {
    constexpr KernelVersion kTypical{5, 10, 0};
    return from_ <= kTypical && kTypical < until_ ? kTypical : from_;
  }

 private:
  static constexpr KernelVersion kNone{1 << 20, 0, 0};
  KernelVersion from_{2, 6, 0};
  KernelVersion until_ = kNone;
  bool dated_ = false;
};

void narrow_by_trigger(Span& span, const Trigger& trigger) {
  if (trigger.oom_adj && !trigger.oom_score_adj) span.narrow({2, 6, 18}, {2, 6, 36});
  if (trigger.oom_adj && trigger.oom_score_adj) span.narrow({2, 6, 36}, {3, 8, 0});
  if (!trigger.oom_adj && trigger.oom_score_adj && !trigger.gfp_text) {
    span.narrow({3, 8, 0}, {4, 6, 0});
  }
  if (trigger.gfp_text) span.narrow({4, 6, 0});
}

void narrow_by_columns(Span& span, const Task& task) {
  if (task.rss_anon) span.narrow({6, 8, 0});
  if (task.pgtables) {
    span.narrow({4, 15, 0});
  } else if (task.nr_pmds) {
    span.narrow({4, 0, 0}, {4, 15, 0});
  } else if (task.nr_ptes) {
    span.narrow({3, 5, 0}, {4, 0, 0});
  } else if (task.oom_adj && task.oom_score_adj) {
    span.narrow({2, 6, 36}, {3, 5, 0});
  } else if (task.oom_adj) {
    span.narrow({2, 6, 25}, {2, 6, 36});
  }
}

void narrow_by_kill(Span& span, const OomReport& report) {
  if (report.killer != Killer::kernel) return;
  if (report.selection && report.selection->constraint_word) span.narrow({5, 0, 0});
  if (report.selection && report.selection->score) span.narrow({2, 6, 18}, {5, 2, 0});
  for (const Victim& victim : report.victims) {
    if (victim.pgtables) span.narrow({5, 4, 0});
  }
}

}  // namespace

std::optional<JudgedVersion> judged_version(const OomReport& report) {
  Span span;
  if (report.trigger) narrow_by_trigger(span, *report.trigger);
  if (!report.at.tasks.empty()) narrow_by_columns(span, report.at.tasks.front());
  narrow_by_kill(span, report);

  if (report.at.kernel_release) {
    if (const auto stated = parse_kernel_version(*report.at.kernel_release)) {
      // Features are carried back, hardly ever taken out: only the lower end corrects.
      if (span.dated() && *stated < span.from()) return JudgedVersion{span.from(), false};
      return JudgedVersion{*stated, true};
    }
  }
  if (!span.dated()) return std::nullopt;
  return JudgedVersion{span.typical(), false};
}

}  // namespace oomkit
