#include "model/source_gap.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace oomkit {
namespace {

constexpr std::array<SourceGapKind, static_cast<std::size_t>(SourceGap::kCount)> kKinds = {{
    {"task-vanished", "processes ended while they were read and are left out"},
    {"task-denied", "processes whose files may not be read: their memory is not known"},
    {"task-malformed", "processes with a file that does not follow its format"},
    {"task-foreign",
     "processes of other pid namespaces in the cgroups: they cannot be seen from here"},
    {"tasks-hidden", "/proc is mounted with hidepid: other users' processes are not seen"},
    {"tasks-namespaced", "this is a pid namespace: processes outside of it are not seen"},
    {"tasks-unread", "processes that cannot be next were not looked at closely"},
    {"host-absent", "files of the host that are not there"},
    {"host-denied", "files of the host that may not be read"},
    {"host-malformed", "files of the host that do not follow their format"},
    {"memcg-vanished", "memory cgroups were removed while they were read"},
    {"memcg-denied", "files of memory cgroups that may not be read"},
    {"memcg-malformed", "files of memory cgroups that do not follow their format"},
    {"memcgs-partial", "only part of the cgroup tree is seen: limits above it are not known"},
    {"memcgs-unmounted", "no memory controller is mounted here: limits of cgroups are not known"},
    {"memcgs-too-many", "memory cgroups beyond the number that is read"},
    {"memcgs-unassigned", "processes whose memory cgroup is not known"},
}};

}  // namespace

const SourceGapKind& describe(SourceGap gap) {
  const auto index = static_cast<std::size_t>(gap);
  OOMKIT_CHECK(index < kKinds.size(), "a gap of the table");
  return kKinds[index];
}

void SourceGaps::add(SourceGap gap, std::string_view example, std::uint64_t count) {
  const auto place = std::lower_bound(
      counts_.begin(), counts_.end(), gap,
      [](const SourceGapCount& entry, SourceGap wanted) { return entry.gap < wanted; });
  if (place != counts_.end() && place->gap == gap) {
    place->count += count;
    return;
  }
  counts_.insert(place, {gap, count, std::string(example)});
}

std::uint64_t SourceGaps::of(SourceGap gap) const {
  for (const SourceGapCount& entry : counts_) {
    if (entry.gap == gap) return entry.count;
  }
  return 0;
}

}  // namespace oomkit
