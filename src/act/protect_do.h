// Does what a plan of protection says, and takes it back.
//
// What was there before is on disk before anything is changed. If a step fails, those before it
// are taken back, and nothing is left half done. Taking back touches only what is still as we
// left it: what somebody else has changed since is theirs, and is told.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "act/protect_plan.h"
#include "act/protect_state.h"
#include "core/result.h"
#include "io/writable_tree.h"

namespace oomkit {

class Protector {
 public:
  // `reload` has the units' manager read their files anew; it is called when some changed.
  Protector(const WritableTree& tree, std::string state_path, std::function<Status()> reload)
      : tree_(tree), state_path_(std::move(state_path)), reload_(std::move(reload)) {}

  // To be held from before the plan is made, which rests on what others have changed, until it
  // is done: of two at the same time the second would not know of the first.
  Result<FolderLock> lock() const;
  Status protect(const ProtectPlan& plan) const;

  struct Undone {
    std::vector<std::string> done;  // Sentences, one for each thing.
    std::vector<std::string> kept;  // What another target's protection rests on, and goes with.
    std::vector<std::string> left;  // What was not as we left it, or could not be written.
    bool found = false;             // That there was anything of that target.
  };
  // Of one target, or of all for nothing. With `dry_run` says what it would do.
  Result<Undone> undo(const std::optional<std::string>& target, bool dry_run) const;

 private:
  Result<ProtectState> read_state() const;
  Status write_state(const ProtectState& state) const;
  std::optional<std::string> boot() const;

  Status apply(const ProtectPlan& plan, std::vector<std::function<void()>>& back) const;
  Status set_score(const ScoreChange& change) const;
  void undo_scores(ProtectRecord& record, bool dry_run, Undone& undone) const;
  void undo_later_scores(const ProtectRecord& record, bool dry_run, Undone& undone) const;
  void undo_settings(ProtectState& state, ProtectRecord& record, bool dry_run,
                     Undone& undone) const;
  bool undo_files(ProtectState& state, ProtectRecord& record, bool dry_run, Undone& undone) const;

  const WritableTree& tree_;
  std::string state_path_;
  std::function<Status()> reload_;
};

}  // namespace oomkit
