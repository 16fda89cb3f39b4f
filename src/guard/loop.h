// The guard's life: wakes, turns, and what else a daemon has to do.
#pragma once

#include <cstdint>
#include <string>

#include "guard/channel.h"
#include "guard/guard.h"
#include "guard/helper_watch.h"
#include "guard/stall_trigger.h"
#include "guard/status_board.h"
#include "io/kill_door.h"
#include "io/service_manager.h"
#include "io/wake_set.h"

namespace oomkit {

enum class LoopEnd { asked_to, reload };

// What it turns and tells, all of which must outlive it.
struct LoopParts {
  Guard& guard;
  KillRun& run;
  KillDoor& door;
  StatusBoard& board;
  SharedRing& ring;
  std::int32_t keeper = 0;  // Of the helper; our child.
};

class GuardLoop {
 public:
  // `root` as for the sensors: where the triggers are.
  static Result<GuardLoop> create(const LoopParts& parts, const std::string& root);

  // Until a signal ends it, or until a changed policy that is good is to be read.
  LoopEnd run();

  // For the start's report: what wakes us besides time.
  const char* triggers() const { return trigger_ != nullptr ? trigger_->name : "none"; }

 private:
  GuardLoop(const LoopParts& parts, WakeSet wakes)
      : guard_(parts.guard),
        run_(parts.run),
        door_(parts.door),
        board_(parts.board),
        ring_(parts.ring),
        keeper_(parts.keeper),
        wakes_(std::move(wakes)),
        manager_(ServiceManager::from_environment()) {}

  void open_triggers(const std::string& root);
  void tell_alive(std::int64_t now_ns);
  void tell_state(std::int64_t now_ns);
  void heed_helper();
  void replace_hung_helper(std::int64_t now_ns);
  // True when the loop is to end.
  bool heed_signals(LoopEnd& end);
  bool heed_reload();

  Guard& guard_;
  KillRun& run_;
  KillDoor& door_;
  StatusBoard& board_;
  SharedRing& ring_;
  std::int32_t keeper_;
  WakeSet wakes_;
  ServiceManager manager_;
  FileDescriptor signals_;
  FileDescriptor some_trigger_, full_trigger_;
  const StallTrigger* trigger_ = nullptr;  // That was taken.
  std::int64_t alive_due_ns_ = 0;
  std::int32_t helper_ = 0;  // That is protected.
  HelperWatch helper_watch_;
};

}  // namespace oomkit
