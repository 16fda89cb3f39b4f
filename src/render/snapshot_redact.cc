#include "render/snapshot_redact.h"

#include <string>
#include <string_view>

#include "render/redact.h"

namespace oomkit {
namespace {

// Each name of a path by itself, so that the tree stays one. Names that every system has
// tell nothing of this one.
std::string anonymized_path(StandIns& stand_ins, std::string_view path) {
  constexpr std::string_view kCommon[] = {"system.slice", "user.slice",     "init.scope",
                                          "kubepods",     "kubepods.slice", "docker",
                                          "lxc",          "machine.slice"};
  std::string result;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    bool common = name.empty();
    for (const std::string_view known : kCommon)
      common |= name == known;
    result += common ? std::string(name) : stand_ins.name("cgroup", std::string(name));
    if (slash == std::string_view::npos) break;
    result += '/';
    path.remove_prefix(slash + 1);
  }
  return result;
}

void anonymize(StandIns& stand_ins, std::optional<std::string>& path) {
  if (path) path = anonymized_path(stand_ins, *path);
}

}  // namespace

Snapshot anonymized(Snapshot snapshot) {
  StandIns stand_ins;
  if (snapshot.host) snapshot.host = stand_ins.host(*snapshot.host);
  if (snapshot.memcg) {
    anonymize(stand_ins, snapshot.memcg->oom_path);
    anonymize(stand_ins, snapshot.memcg->task_path);
    snapshot.memcg->stat_path = anonymized_path(stand_ins, snapshot.memcg->stat_path);
    for (MemcgSubtreeStat& stat : snapshot.memcg->subtree)
      stat.path = anonymized_path(stand_ins, stat.path);
  }
  if (snapshot.memcgs) {
    snapshot.memcgs->mount_root = anonymized_path(stand_ins, snapshot.memcgs->mount_root);
    for (MemcgNode& memcg : snapshot.memcgs->nodes)
      memcg.path = anonymized_path(stand_ins, memcg.path);
  }
  for (Task& task : snapshot.tasks) {
    if (task.uid) task.uid = stand_ins.user(*task.uid);
  }
  if (snapshot.host_state && snapshot.host_state->swaps) {
    for (SwapDevice& device : *snapshot.host_state->swaps)
      device.name = stand_ins.name("swap", device.name);
  }
  if (snapshot.host_state && snapshot.host_state->core_pattern) {
    // Whether a program takes the core, or a folder, is what matters.
    std::string& pattern = *snapshot.host_state->core_pattern;
    const bool piped = !pattern.empty() && pattern.front() == '|';
    if (pattern.find('/') != std::string::npos)
      pattern = (piped ? "|/" : "/") + stand_ins.name("path", pattern);
  }
  // An example is a path; what it is an example of says enough.
  SourceGaps gaps;
  for (const SourceGapCount& gap : snapshot.gaps.counts())
    gaps.add(gap.gap, "", gap.count);
  snapshot.gaps = gaps;
  return snapshot;
}

}  // namespace oomkit
