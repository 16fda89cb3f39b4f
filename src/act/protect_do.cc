#include "act/protect_do.h"

#include <algorithm>
#include <utility>

#include "core/lines.h"
#include "core/text.h"
#include "sources/task_text.h"

namespace oomkit {
namespace {

std::string folder_of(const ScoreChange& change) {
  return "proc/" + std::to_string(change.pid);
}
std::string score_file(const ScoreChange& change) {
  return folder_of(change) + "/oom_score_adj";
}
std::string told_name(const ScoreChange& change) {
  return change.comm + " (" + std::to_string(change.pid) + ")";
}

// That this pid is still the process that was meant; without a start time nobody can say.
bool is_same_process(const WritableTree& tree, const ScoreChange& change) {
  const auto text = tree.read(folder_of(change) + "/stat");
  if (!text || !*text) return false;
  const auto stat = parse_stat(**text);
  return stat && change.start && stat->start == *change.start;
}

std::optional<int> score_now(const WritableTree& tree, const ScoreChange& change) {
  const auto text = tree.read(score_file(change));
  if (!text || !*text) return std::nullopt;
  return whole_number<int>(trim(**text));
}

// A cgroup's file says a number, or "max".
std::optional<std::string> setting_now(const WritableTree& tree, const std::string& path) {
  const auto text = tree.read(path);
  if (!text || !*text) return std::nullopt;
  return std::string(trim(**text));
}

std::string parent_folder(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// A slice is raised for one unit and then, on top of that, for another: what is to be taken back
// for the first is what the second found. It stays, and the second, whose record will have it
// taken back to what the first had found, is named.
template <class Change>
std::optional<std::string> hand_over(ProtectState& state, const ProtectRecord& own,
                                     const Change& change,
                                     std::vector<Change> ProtectRecord::*changes, bool dry_run) {
  for (ProtectRecord& other : state.records) {
    if (&other == &own) continue;
    for (Change& next : other.*changes) {
      if (next.path != change.path || next.before != change.after) continue;
      if (!dry_run) next.before = change.before;
      return other.target;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<ProtectState> Protector::read_state() const {
  OOMKIT_TRY(const std::optional<std::string> text, tree_.read(state_path_));
  if (!text) return ProtectState{};
  Result<ProtectState> state = parse_protect_state(*text);
  if (!state) {
    return fail(state.error().code, tree_.full_name(state_path_) + ": " + state.error().what +
                                        "; move it away to go on without it");
  }
  return state;
}

Status Protector::write_state(const ProtectState& state) const {
  if (state.records.empty()) {
    if (Status removed = tree_.remove(state_path_); !removed) return removed;
    return {};
  }
  return tree_.replace(state_path_, to_json(state));
}

std::optional<std::string> Protector::boot() const {
  const auto text = tree_.read("proc/sys/kernel/random/boot_id");
  if (!text || !*text) return std::nullopt;
  return std::string(trim(**text));
}

Status Protector::set_score(const ScoreChange& change) const {
  if (!is_same_process(tree_, change))
    return fail(ErrorCode::not_found, told_name(change) + " is gone");
  Status written = tree_.set(score_file(change), std::to_string(change.after));
  if (written || written.error().code != ErrorCode::denied) return written;
  std::string why = told_name(change) + ": cannot set oom_score_adj from " +
                    std::to_string(change.before) + " to " + std::to_string(change.after);
  why += change.after < change.before
             ? ": lowering it needs CAP_SYS_RESOURCE; run with sudo"
             : ": it is another user's process; run as that user or with sudo";
  return fail(ErrorCode::denied, std::move(why));
}

Status Protector::apply(const ProtectPlan& plan, std::vector<std::function<void()>>& back) const {
  for (const FileChange& file : plan.files) {
    if (Status written = tree_.replace(file.path, file.after); !written) return written;
    back.emplace_back([this, &file] {
      if (file.before) {
        (void)tree_.replace(file.path, *file.before);
      } else {
        (void)tree_.remove(file.path);
        tree_.remove_empty_folder(parent_folder(file.path));
      }
    });
  }
  if (!plan.files.empty()) {
    back.emplace(back.begin(), [this] { (void)reload_(); });
    if (Status reloaded = reload_(); !reloaded) return reloaded;
  }
  // Those above before those below, which get no more than what is granted above them.
  for (auto setting = plan.settings.rbegin(); setting != plan.settings.rend(); ++setting) {
    if (Status written = tree_.set(setting->path, setting->after); !written) return written;
    back.emplace_back([this, &change = *setting] { (void)tree_.set(change.path, change.before); });
  }
  for (const ScoreChange& score : plan.scores) {
    const Status written = set_score(score);
    // Who ended meanwhile needs no protection.
    if (!written && written.error().code == ErrorCode::not_found) continue;
    if (!written) return written;
    back.emplace_back(
        [this, &score] { (void)tree_.set(score_file(score), std::to_string(score.before)); });
  }
  return {};
}

Result<FolderLock> Protector::lock() const {
  return tree_.lock_folder(parent_folder(state_path_));
}

Status Protector::protect(const ProtectPlan& plan) const {
  if (plan.changes_nothing()) return {};
  OOMKIT_TRY(const ProtectState before, read_state());
  ProtectState state = before;
  state.add(plan, boot());
  if (Status kept = write_state(state); !kept) return kept;
  std::vector<std::function<void()>> back;
  Status done = apply(plan, back);
  if (done) return done;
  for (auto step = back.rbegin(); step != back.rend(); ++step)
    (*step)();
  (void)write_state(before);
  return done;
}

void Protector::undo_scores(ProtectRecord& record, bool dry_run, Undone& undone) const {
  std::vector<ScoreChange> rest;
  for (ScoreChange& score : record.scores) {
    // Gone, or the pid is another process's now: there is nothing to take back.
    if (!is_same_process(tree_, score)) continue;
    const auto now = score_now(tree_, score);
    if (now != score.after) {
      undone.left.push_back(told_name(score) + ": oom_score_adj is " +
                            (now ? std::to_string(*now) : "not readable") + ", not the " +
                            std::to_string(score.after) + " that was set; left as it is");
      continue;
    }
    const ScoreChange reverse{score.pid, score.start, score.comm, score.after, score.before};
    const Status written = dry_run ? Status() : set_score(reverse);
    if (!written) {
      undone.left.push_back(written.error().what);
      rest.push_back(score);
      continue;
    }
    undone.done.push_back(told_name(score) + ": oom_score_adj " + std::to_string(score.after) +
                          " -> " + std::to_string(score.before));
  }
  if (!dry_run) record.scores = std::move(rest);
}

// Whoever was started in a unit since it was protected has its score from the drop-in, and keeps
// it when that is gone.
void Protector::undo_later_scores(const ProtectRecord& record, bool dry_run, Undone& undone) const {
  if (record.cgroup.empty() || record.scores.empty()) return;
  const auto text = tree_.read(record.cgroup + "/cgroup.procs");
  std::string_view rest = text && *text ? std::string_view(**text) : std::string_view();
  while (!rest.empty()) {
    const auto pid = whole_number<std::int64_t>(take_line(rest));
    const auto known = [&](const ScoreChange& score) { return score.pid == pid; };
    if (!pid || std::any_of(record.scores.begin(), record.scores.end(), known)) continue;
    ScoreChange later = record.scores.front();
    later.pid = *pid;
    if (score_now(tree_, later) != later.after) continue;
    const Status written =
        dry_run ? Status() : tree_.set(score_file(later), std::to_string(later.before));
    if (!written) {
      undone.left.push_back(written.error().what);
      continue;
    }
    undone.done.push_back("process " + std::to_string(*pid) + ", started since: oom_score_adj " +
                          std::to_string(later.after) + " -> " + std::to_string(later.before));
  }
}

void Protector::undo_settings(ProtectState& state, ProtectRecord& record, bool dry_run,
                              Undone& undone) const {
  std::vector<SettingChange> rest;
  for (const SettingChange& setting : record.settings) {
    const auto now = setting_now(tree_, setting.path);
    if (!now) continue;  // The cgroup is gone.
    const auto whose = *now == setting.after
                           ? std::nullopt
                           : hand_over(state, record, setting, &ProtectRecord::settings, dry_run);
    if (whose) {
      undone.kept.push_back(tree_.full_name(setting.path) + ": " + *now + ", for " + *whose);
      continue;
    }
    if (*now != setting.after) {
      undone.left.push_back(tree_.full_name(setting.path) + ": is " + *now + ", not the " +
                            setting.after + " that was set; left as it is");
      continue;
    }
    const Status written = dry_run ? Status() : tree_.set(setting.path, setting.before);
    if (!written) {
      undone.left.push_back(written.error().what);
      rest.push_back(setting);
      continue;
    }
    undone.done.push_back(tree_.full_name(setting.path) + ": " + setting.after + " -> " +
                          setting.before);
  }
  if (!dry_run) record.settings = std::move(rest);
}

// Whether a file changed.
bool Protector::undo_files(ProtectState& state, ProtectRecord& record, bool dry_run,
                           Undone& undone) const {
  std::vector<FileChange> rest;
  bool changed = false;
  for (FileChange& file : record.files) {
    const auto now = tree_.read(file.path);
    if (now && !*now) continue;  // Somebody removed it already.
    const auto whose = now && **now != file.after
                           ? hand_over(state, record, file, &ProtectRecord::files, dry_run)
                           : std::nullopt;
    if (whose) {
      undone.kept.push_back(tree_.full_name(file.path) + ", for " + *whose);
      continue;
    }
    if (!now || **now != file.after) {
      undone.left.push_back(tree_.full_name(file.path) + ": " +
                            (now ? "was changed since" : now.error().what) + "; left as it is");
      continue;
    }
    Status written;
    if (!dry_run) {
      if (file.before) {
        written = tree_.replace(file.path, *file.before);
      } else {
        written = tree_.remove(file.path);
        if (written) tree_.remove_empty_folder(parent_folder(file.path));
      }
    }
    if (!written) {
      undone.left.push_back(written.error().what);
      rest.push_back(std::move(file));
      continue;
    }
    changed = true;
    undone.done.push_back(tree_.full_name(file.path) + (file.before ? ": as before" : ": removed"));
  }
  if (!dry_run) record.files = std::move(rest);
  return changed;
}

Result<Protector::Undone> Protector::undo(const std::optional<std::string>& target,
                                          bool dry_run) const {
  OOMKIT_TRY(ProtectState state, read_state());
  const auto this_boot = boot();
  Undone undone;
  bool reload = false;
  for (ProtectRecord& record : state.records) {
    if (target && record.target != *target) continue;
    undone.found = true;
    if (record.boot == this_boot) {
      undo_later_scores(record, dry_run, undone);
      undo_scores(record, dry_run, undone);
      undo_settings(state, record, dry_run, undone);
    } else {
      record.scores.clear();
      record.settings.clear();
    }
    reload |= undo_files(state, record, dry_run, undone);
  }
  if (dry_run || !undone.found) return undone;
  // What could not be taken back stays known, for the next attempt.
  std::erase_if(state.records, [&](const ProtectRecord& record) {
    return record.files.empty() && record.settings.empty() && record.scores.empty();
  });
  if (Status kept = write_state(state); !kept) return tl::unexpected(kept.error());
  if (reload) {
    if (Status reloaded = reload_(); !reloaded) return tl::unexpected(reloaded.error());
  }
  return undone;
}

}  // namespace oomkit
