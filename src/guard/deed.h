// A decision carried out: its actions in their order, each by whoever can do it.
//
// What ends processes goes to the kill path, several actions at a time; what blocks goes to the
// helper. For a hook that comes before a kill we wait, no longer than the policy says. As in the
// kill path nothing here waits itself and nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "act/kill_run.h"
#include "core/fixed_text.h"
#include "guard/outbox.h"
#include "policy/decision.h"
#include "policy/engine.h"

namespace oomkit {

struct ActionOutcome {
  std::string_view text;  // As the policy says it.
  FixedText<48> result;   // "done", "failed: EPERM"
  std::int64_t took_ns = 0;
};

class Deed {
 public:
  static constexpr std::size_t kActionsMax = 16;

  Deed(KillRun& run, Outbox& outbox) : run_(run), outbox_(outbox) {}

  // `folder`: of the target's cgroup, -1 if there is none. The decision must stay as it is until
  // this is over.
  void begin(const Decision& decision, int folder, const KillConditions& conditions);
  void advance(const KillConditions& conditions);

  bool is_over() const { return is_over_; }
  std::span<const int> handles() { return run_.handles(); }
  std::int64_t wake_at_ns() const { return wake_at_ns_; }

  std::span<const ActionOutcome> outcomes() const { return {outcomes_.data(), count_}; }
  std::optional<std::int64_t> freed_bytes() const { return freed_bytes_; }
  DecisionOutcome outcome() const { return outcome_; }

 private:
  // The actions from `at_` on that the kill path does in one run; true if there are any.
  bool begin_run(const KillConditions& conditions);
  void finish_run();
  // What the helper does; true when we need not wait for it (any longer).
  bool hand_over(const PolicyAction& action, const KillConditions& conditions);
  void judge(const KillOutcome& outcome);

  KillRun& run_;
  Outbox& outbox_;
  const Decision* decision_ = nullptr;
  int folder_ = -1;
  bool is_over_ = true;
  bool is_running_ = false;
  bool is_waiting_ = false;
  std::size_t count_ = 0;
  std::size_t at_ = 0;
  std::size_t run_begin_ = 0;
  std::array<ActionOutcome, kActionsMax> outcomes_;
  std::array<KillTarget, KillTargets::kMax> targets_{};
  std::array<KillStep, KillRun::kStepsMax> steps_{};
  std::size_t step_count_ = 0;
  std::uint32_t hook_number_ = 0;
  std::int64_t wait_begin_ns_ = 0;
  std::int64_t wake_at_ns_ = 0;
  std::optional<std::int64_t> freed_bytes_;
  DecisionOutcome outcome_ = DecisionOutcome::done;
};

// "EPERM"; "error 133" for numbers without a name.
FixedText<24> error_name(int error);

}  // namespace oomkit
