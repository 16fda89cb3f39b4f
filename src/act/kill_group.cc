#include "act/kill_group.h"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "core/fixed_text.h"
#include "core/text.h"

namespace oomkit {
namespace {

constexpr const char* kMembersFile = "cgroup.procs";

// A visitor out of a function.
template <class Visit>
class EachGroup final : public GroupVisitor {
 public:
  explicit EachGroup(Visit visit) : visit_(visit) {}
  void visit(int folder) override { visit_(folder); }

 private:
  Visit visit_;
};

// Version 1 has its own file with its own words.
int set_frozen(KillDoor& door, const KillGroup& group, bool frozen) {
  if (group.freezer >= 0)
    return door.write_file(group.freezer, "freezer.state", frozen ? "FROZEN" : "THAWED");
  return door.write_file(group.folder, "cgroup.freeze", frozen ? "1" : "0");
}

}  // namespace

std::span<const std::int32_t> KillGroupActions::read_members(int folder) {
  const DoorText procs = door_.read_file(folder, kMembersFile, text_);
  if (procs.error != 0) return {};
  std::size_t count = 0;
  Cursor cursor(procs.text);
  while (count < members_.size()) {
    const auto pid = cursor.take_integer<std::int32_t>();
    // A number that was cut at the end of the buffer is another process's.
    if (!pid || !cursor.take("\n")) break;
    members_[count++] = *pid;
  }
  std::sort(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(count));
  return {members_.data(), count};
}

KillGroupActions::Beginning KillGroupActions::begin_kill(const KillGroup& group) {
  bool has_protected = false;
  EachGroup collect([&](int folder) {
    for (const std::int32_t pid : read_members(folder)) {
      if (targets_.is_protected(pid)) has_protected = true;
      static_cast<void>(targets_.add_unchecked(pid));
    }
    targets_.keep_checked(read_members(folder));
  });
  door_.walk_groups(group.folder, collect);
  // The kernel would not spare us.
  if (has_protected) return {0, false};
  const int error = door_.write_file(group.folder, "cgroup.kill", "1");
  if (error == 0) targets_.mark_killed();
  // No such file: an older kernel, or version 1. In a threaded cgroup it is refused.
  if (error == ENOENT || error == EOPNOTSUPP) return {0, false};
  return {error, error == 0};
}

std::int32_t KillGroupActions::kill_round(const KillGroup& group) {
  // Where there is no freezer, and while it is not yet cold, the rounds must do.
  static_cast<void>(set_frozen(door_, group, true));
  std::int32_t reached = 0;
  EachGroup end_members([&](int folder) {
    for (const std::int32_t pid : read_members(folder))
      static_cast<void>(targets_.add_unchecked(pid));
    targets_.keep_checked(read_members(folder));
    reached += targets_.signal_all(SIGKILL, SignalReach::process).reached;
  });
  door_.walk_groups(group.folder, end_members);
  // Version 1 lets nobody die before it is thawed, and version 2 should not find the cgroup
  // frozen when a service is started in it again.
  static_cast<void>(set_frozen(door_, group, false));
  return reached;
}

bool KillGroupActions::is_empty(const KillGroup& group) {
  bool empty = true;
  EachGroup look([&](int folder) {
    for (const std::int32_t pid : read_members(folder)) {
      if (!targets_.is_protected(pid)) empty = false;
    }
  });
  door_.walk_groups(group.folder, look);
  return empty;
}

int KillGroupActions::freeze(const KillGroup& group) {
  return set_frozen(door_, group, true);
}

int KillGroupActions::thaw(const KillGroup& group) {
  return set_frozen(door_, group, false);
}

int KillGroupActions::set_memory_high(const KillGroup& group, std::int64_t bytes) {
  if (bytes < 0) return door_.write_file(group.folder, "memory.high", "max");
  return door_.write_file(group.folder, "memory.high", FixedText<32>(bytes).view());
}

DoorNumber KillGroupActions::reclaim_piece(const KillGroup& group, std::int64_t bytes) {
  constexpr std::int64_t kPiece = std::int64_t{8} << 20;
  const std::int64_t piece = std::min(bytes, kPiece);
  return {door_.write_file(group.folder, "memory.reclaim", FixedText<32>(piece).view()), piece};
}

}  // namespace oomkit
