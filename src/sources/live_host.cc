#include "sources/live_host.h"

#include <algorithm>
#include <utility>

namespace oomkit {
namespace {

// hidepid=1 leaves processes in sight and their files not; with 2 only their absence tells.
void note_hidden(const Mounts& mounts, Snapshot& snapshot) {
  if (!mounts.hidepid) return;
  const bool sees_init = std::any_of(snapshot.tasks.begin(), snapshot.tasks.end(),
                                     [](const Task& task) { return task.pid == 1 && task.rss; });
  if (!sees_init) snapshot.gaps.add(SourceGap::tasks_hidden, "hidepid=" + *mounts.hidepid);
}

}  // namespace

Result<LiveHost> LiveHost::create(const FileTree& tree) {
  OOMKIT_TRY(HostSource host, HostSource::create(tree));
  OOMKIT_TRY(TaskSource tasks, TaskSource::create(tree));
  return LiveHost(tree, std::move(host), std::move(tasks));
}

Result<Snapshot> LiveHost::read(const HostQuery& query) {
  Snapshot snapshot;
  host_.read(snapshot);
  if (query.setup) host_.read_setup(snapshot);
  const Mounts mounts = host_.read_mounts(snapshot.gaps);
  if (query.memcgs) {
    MemcgReading reading = read_memcgs(tree_, mounts, query.memcg_detail, snapshot.gaps);
    snapshot.memcgs = std::move(reading.tree);
    snapshot.host_state->cgroup_layout = reading.layout;
  }
  const std::vector<Membership> members =
      snapshot.memcgs ? memberships(*snapshot.memcgs) : std::vector<Membership>();
  if (Status tasks = tasks_.read(query.tasks, members, snapshot); !tasks) {
    return tl::unexpected(tasks.error());
  }
  note_hidden(mounts, snapshot);
  return snapshot;
}

Result<Snapshot> LiveHost::read_amounts() {
  Snapshot snapshot;
  host_.read(snapshot);
  const Mounts mounts = host_.read_mounts(snapshot.gaps);
  MemcgReading reading = read_memcgs(tree_, mounts, MemcgDetail::limits, snapshot.gaps);
  snapshot.memcgs = std::move(reading.tree);
  snapshot.host_state->cgroup_layout = reading.layout;
  return snapshot;
}

}  // namespace oomkit
