// The policy engine: ticks in, decisions out.
//
// A pure machine: it reads no clock and no file, time is in the tick, and all that it remembers
// is inside it. The same ticks give the same decisions, live, from a recording, in the model.
// All memory is taken in create(); step() allocates nothing.
//
// One step: every rule's condition is evaluated, in the order of the file, so that windows and
// `for` go on whatever happens; of the rules that hold and may act, at most one that ends
// processes is decided on.
//
// When a decision needs rows that the tick lacks, the step asks for them (TickWish) and the next
// tick decides; nothing is lost but the time that reading takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "policy/decision.h"
#include "policy/policy.h"
#include "policy/reading.h"
#include "policy/state_archive.h"
#include "policy/tick.h"
#include "policy/wish.h"

namespace oomkit {

// How much room there is. What does not fit is left out, and the decision says so.
struct EngineCapacity {
  std::size_t cgroups = 1024;           // Rows of a tick, and histories that are kept.
  std::size_t processes = 8192;         // Rows of a tick.
  std::size_t process_histories = 512;  // Processes whose growth is followed.
  // Rows that memory is taken for at the start, and some to spare; for more when there are more.
  std::size_t processes_now = 512;
};

// What became of a decision that acted, told by whoever carried it out.
enum class DecisionOutcome : std::uint8_t {
  done,       // Something was ended, or whatever the actions say was done.
  withdrawn,  // The recheck said no, or the target was gone: as if it had not been.
  failed,     // It could not be done: permission.
  survived,   // Killed, and still there when the wait was over.
  dry_run,    // Nobody was touched.
};

struct StepResult {
  std::span<const Decision> decisions;  // Valid until the next step.
  TickWish wish;
};

class Engine {
 public:
  // The policy must outlive the engine. `start` is the time of the first tick or before: what
  // is older was there before us.
  static std::unique_ptr<Engine> create(const Policy& policy, const EngineCapacity& capacity,
                                        HostTime start);
  // The same, with what another one knew at `start` and handed over; nothing if that makes no
  // sense. What belongs to the host goes on; of a rule what is about the same
  // (policy/rule_state.h).
  static std::unique_ptr<Engine> create_with(std::string_view knowledge, const Policy& policy,
                                             const EngineCapacity& capacity, HostTime start);
  virtual ~Engine() = default;

  virtual StepResult step(const Tick& tick) = 0;

  // Whether the condition of a decision of the last step still holds on fresh numbers of the
  // host (its cgroups and processes are not looked at). Changes nothing.
  virtual bool still_holds(const Decision& decision, const TickHost& host) const = 0;

  // Tells what became of a decision of the last step. Not telling means `done`.
  virtual void settle(const Decision& decision, DecisionOutcome outcome) = 0;

  // Who hears of every rule that is judged; nullptr: nobody. It must outlive the engine.
  virtual void tell(EngineWatch* /*watch*/) {}

  // Gives away all that it knows, not in the middle of a decision. False if the sink does not
  // take it.
  virtual bool hand_over(StateSink& sink) = 0;

  // Bytes that it took in create().
  virtual std::size_t memory() const = 0;
};

}  // namespace oomkit
