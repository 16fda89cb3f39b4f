// A process of the scenario: it takes its name, score, cgroup and rights, waits behind the
// gate, does its steps, and then holds what it has until the end.
#pragma once

#include <string_view>

#include "core/random.h"
#include "guest/board.h"
#include "guest/holdings.h"
#include "guest/plan.h"

namespace oomkit::guest {

// What an actor does before its steps, for the report of a refusal.
enum class ActorTask {
  name,
  oom_score_adj,
  oom_adj,
  cgroup,
  cpuset,
  mempolicy,
  nice,
  uid,
  steps,
  fork
};
std::string_view actor_task_text(ActorTask task);

class Actor {
 public:
  // `slot` may be null: more processes than the board has room for.
  Actor(const Plan& plan, Board& board, Slot* slot, const ProcessSpec& spec);

  // In the process that was forked for it. Never returns.
  [[noreturn]] void live();

  // For the steps:
  const Plan& plan() const { return *plan_; }
  Board& board() { return *board_; }
  const ProcessSpec& spec() const { return *spec_; }
  Slot* slot() { return slot_; }
  Holdings& holdings() { return *holdings_; }
  Random& random() { return random_; }
  // Notes it, and ends the process where the scenario says so.
  void refused(int error);
  void report(ActorTask task, int error);
  void report_child(std::int32_t pid, std::int32_t status);
  void reach_mark(std::string_view name);
  // Becomes the forked child of itself.
  void become_child(const Step& step, Slot* slot, bool shares_memory);
  // The steps, and then waits for the end.
  [[noreturn]] void play(const std::vector<Step>& steps);

 private:
  bool prepare();
  bool take_cgroup();
  bool take_adj();
  bool take_rights();
  bool attempt(ActorTask task, int error);
  void post(Note note);

  const Plan* plan_;
  Board* board_;
  Slot* slot_;
  const ProcessSpec* spec_;
  Holdings own_holdings_;
  Holdings* holdings_ = &own_holdings_;  // A vforked child has its parent's.
  Random random_;
};

}  // namespace oomkit::guest
