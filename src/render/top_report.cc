#include "render/top_report.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "kernel/watermark.h"

namespace oomkit {
namespace {

bool has_limit(const MemcgNode& memcg) {
  return memcg.limit && memcg.limit->size;
}

std::optional<Bytes> host_left(const std::optional<HostHeadroom>& headroom) {
  if (!headroom) return std::nullopt;
  return headroom->to_min() + headroom->swap_free.value_or(Bytes(0));
}

TopScope host_scope(const TopReport& report, const std::optional<EarlierAmounts>& earlier,
                    bool manual) {
  const Snapshot& snapshot = report.snapshot;
  TopScope scope;
  scope.name = "host";
  scope.prediction = predict_host(snapshot, report.version, {.manual = manual});
  const auto total = host_totalpages(snapshot);
  if (total && snapshot.page_size) scope.limit = to_bytes(*total, *snapshot.page_size);
  scope.headroom = host_left(report.headroom);
  if (report.headroom) scope.droppable = report.headroom->droppable;
  if (scope.limit && scope.headroom) scope.usage = *scope.limit - *scope.headroom;
  if (earlier) {
    const auto before = host_left(host_headroom(earlier->snapshot));
    scope.growth_bytes_per_s = growth_per_s(scope.headroom, before, earlier->seconds_before);
  }
  if (scope.headroom) scope.eta_s = time_left_s(*scope.headroom, scope.growth_bytes_per_s);
  return scope;
}

// "nodes:0-1", "policy:1"; nothing if `text` means something else.
Result<std::optional<NodeScope>> parse_node_scope(std::string_view text) {
  NodeScope scope;
  constexpr std::string_view kNodes = "nodes:";
  constexpr std::string_view kPolicy = "policy:";
  scope.mempolicy = text.starts_with(kPolicy);
  if (!scope.mempolicy && !text.starts_with(kNodes)) return std::optional<NodeScope>();
  const auto nodes = parse_node_list(text.substr(text.find(':') + 1));
  if (!nodes || nodes->empty()) {
    return fail(ErrorCode::usage,
                "--scope " + std::string(text) + ": expected nodes as in nodes:0-1 or nodes:0,2");
  }
  scope.nodes = *nodes;
  return std::optional(scope);
}

// Nodes are short of memory while others may have plenty.
Status add_nodes(TopReport& report, const std::string& name, const NodeScope& nodes,
                 const std::optional<EarlierAmounts>& earlier) {
  const Snapshot& snapshot = report.snapshot;
  report.headroom = nodes_headroom(snapshot, nodes.nodes);
  const auto total = nodes_totalpages(snapshot, nodes.nodes);
  if (!report.headroom || !total)
    return fail(ErrorCode::not_found,
                "--scope " + name + ": this host has no memory on such nodes");
  TopScope scope;
  scope.name = name;
  scope.prediction = predict_host(snapshot, report.version, {.nodes = nodes});
  scope.limit = to_bytes(*total, *snapshot.page_size);
  scope.headroom = host_left(report.headroom);
  scope.droppable = report.headroom->droppable;
  if (scope.headroom) scope.usage = *scope.limit - *scope.headroom;
  if (earlier) {
    const auto before = host_left(nodes_headroom(earlier->snapshot, nodes.nodes));
    scope.growth_bytes_per_s = growth_per_s(scope.headroom, before, earlier->seconds_before);
  }
  if (scope.headroom) scope.eta_s = time_left_s(*scope.headroom, scope.growth_bytes_per_s);
  report.scopes.push_back(std::move(scope));
  return {};
}

TopScope memcg_scope(const TopReport& report, std::size_t index,
                     const std::optional<EarlierAmounts>& earlier) {
  const MemcgNode& memcg = report.snapshot.memcgs->nodes[index];
  TopScope scope;
  scope.memcg = index;
  scope.name = memcg.path;
  scope.prediction = predict_memcg(report.snapshot, report.version, index);
  scope.usage = memcg.usage;
  if (memcg.limit) scope.limit = memcg.limit->size;
  if (const auto headroom = memcg_headroom(memcg)) {
    scope.headroom = headroom->left();
    scope.droppable = headroom->droppable;
  }
  if (earlier && earlier->snapshot.memcgs) {
    const MemcgTree& before = *earlier->snapshot.memcgs;
    // Trees of two moments are nearly the same: look at the same place first.
    std::optional<std::size_t> same;
    if (index < before.nodes.size() && before.nodes[index].path == memcg.path) same = index;
    if (!same) same = before.find(memcg.path);
    if (same) {
      scope.growth_bytes_per_s =
          growth_per_s(before.nodes[*same].usage, memcg.usage, earlier->seconds_before);
    }
  }
  if (scope.headroom) scope.eta_s = time_left_s(*scope.headroom, scope.growth_bytes_per_s);
  return scope;
}

// Who has the least time, and of those that do not grow, the least share of the limit left.
bool sooner(const TopScope& a, const TopScope& b) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  const double time_a = a.eta_s.value_or(kNever);
  const double time_b = b.eta_s.value_or(kNever);
  if (time_a != time_b) return time_a < time_b;
  const auto share = [](const TopScope& scope) {
    if (!scope.headroom || !scope.limit || *scope.limit <= Bytes(0)) return 2.0;
    return static_cast<double>(scope.headroom->count()) / static_cast<double>(scope.limit->count());
  };
  const double share_a = share(a);
  const double share_b = share(b);
  return share_a != share_b ? share_a < share_b : a.name < b.name;
}

// The cgroup meant by a path as it is typed: with or without the mount before it.
std::optional<std::size_t> find_memcg(const MemcgTree& tree, std::string path) {
  for (const std::string_view mount :
       {"/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (path.compare(0, mount.size(), mount) == 0) {
      path.erase(0, mount.size());
      break;
    }
  }
  if (path.empty() || path.front() != '/') path.insert(path.begin(), '/');
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return tree.find(path);
}

Status add_asked_for(TopReport& report, const std::string& path,
                     const std::optional<EarlierAmounts>& earlier) {
  if (!report.snapshot.memcgs) {
    return fail(ErrorCode::unsupported, "no memory cgroups are to be seen here; use --scope host");
  }
  const MemcgTree& tree = *report.snapshot.memcgs;
  std::optional<std::size_t> at = find_memcg(tree, path);
  if (!at) {
    return fail(ErrorCode::not_found,
                path + ": there is no such memory cgroup; --scope all shows those with a limit");
  }
  const std::size_t asked = *at;
  while (at && !has_limit(tree.nodes[*at]))
    at = tree.nodes[*at].parent;
  if (!at) {
    return fail(ErrorCode::usage, path +
                                      ": neither it nor a cgroup above it has a limit: only the "
                                      "host's memory bounds it (--scope host)");
  }
  if (*at != asked) report.asked_for = tree.nodes[asked].path;
  report.scopes.push_back(memcg_scope(report, *at, earlier));
  return {};
}

Verification verify(const TopReport& report) {
  Verification verification;
  for (std::size_t i = 0; i < report.snapshot.tasks.size(); ++i) {
    const auto ours = computed_score(report, i);
    const auto kernels = report.snapshot.task_states.empty()
                             ? std::nullopt
                             : report.snapshot.task_states[i].oom_score;
    if (!ours || !kernels) {
      ++verification.unknown;
      continue;
    }
    ++verification.compared;
    if (*ours == *kernels) {
      ++verification.equal;
      continue;
    }
    verification.differences.push_back({i, *ours, *kernels});
    if (std::abs(*ours - *kernels) > 1) ++verification.beyond_one;
  }
  std::stable_sort(verification.differences.begin(), verification.differences.end(),
                   [](const ScoreDifference& a, const ScoreDifference& b) {
                     return std::abs(a.ours - a.kernels) < std::abs(b.ours - b.kernels);
                   });
  return verification;
}

}  // namespace

std::optional<std::int64_t> computed_score(const Snapshot& snapshot, const KernelVersion& version,
                                           std::size_t task) {
  const auto total = host_totalpages(snapshot);
  if (!total || !snapshot.page_size) return std::nullopt;
  BadnessContext context;
  context.totalpages = *total;
  context.page_size = *snapshot.page_size;
  const auto swap = snapshot.host_state ? snapshot.host_state->amount("SwapTotal") : std::nullopt;
  context.swap_absent = swap == Bytes(0);
  context = judged_by(version, context);
  const auto b = badness(snapshot.tasks[task], context);
  if (!b) return std::nullopt;
  bool unkillable = b->unkillable.has_value();
  // A container's first process is not the host's: the kernel's own word decides.
  if (b->unkillable == Unkillable::init && !snapshot.task_states.empty() &&
      snapshot.task_states[task].oom_score.value_or(0) > 0) {
    unkillable = false;
  }
  return oom_score(b->points, unkillable, context.rule, *total);
}

std::optional<std::int64_t> computed_score(const TopReport& report, std::size_t task) {
  return computed_score(report.snapshot, report.version, task);
}

std::string_view spared_text(Spared spared) {
  switch (spared) {
    case Spared::adj_minus_1000:
      return "oom_score_adj -1000";
    case Spared::init:
      return "init";
    case Spared::kernel_thread:
      return "kernel thread";
    case Spared::exited:
      return "exited";
    case Spared::by_kernel:
      return "the kernel says no: reaped, or a vfork child";
    case Spared::other_nodes:
      return "uses other nodes";
  }
  return "";
}

std::string_view cgroup_of(const Snapshot& snapshot, std::size_t task) {
  if (snapshot.task_states.empty() || !snapshot.memcgs) return "";
  const auto memcg = snapshot.task_states[task].memcg;
  return memcg ? std::string_view(snapshot.memcgs->nodes[*memcg].path) : std::string_view();
}

Result<TopReport> make_top_report(Snapshot snapshot, const std::optional<EarlierAmounts>& earlier,
                                  const TopQuery& query) {
  TopReport report;
  report.snapshot = std::move(snapshot);
  const auto version = report.snapshot.kernel_release
                           ? parse_kernel_version(*report.snapshot.kernel_release)
                           : std::nullopt;
  if (!version) {
    return fail(ErrorCode::unsupported,
                "the kernel's version is not known, and with it the rule by which it chooses");
  }
  if (badness_rule(*version) == BadnessRule::v0) {
    return fail(ErrorCode::unsupported,
                "Linux " + to_string(*version) +
                    " chooses by run times that /proc does not tell; 2.6.36 and later are known");
  }
  report.version = *version;
  report.headroom = host_headroom(report.snapshot);
  OOMKIT_TRY(const std::optional<NodeScope> nodes, parse_node_scope(query.scope));
  if (query.scope == "host" || query.scope == "all") {
    report.scopes.push_back(host_scope(report, earlier, query.manual));
  } else if (nodes) {
    if (Status found = add_nodes(report, query.scope, *nodes, earlier); !found)
      return tl::unexpected(found.error());
  } else if (Status found = add_asked_for(report, query.scope, earlier); !found) {
    return tl::unexpected(found.error());
  }
  if (query.scope == "all" && report.snapshot.memcgs) {
    for (std::size_t i = 0; i < report.snapshot.memcgs->nodes.size(); ++i) {
      if (has_limit(report.snapshot.memcgs->nodes[i])) {
        report.scopes.push_back(memcg_scope(report, i, earlier));
      }
    }
    std::stable_sort(report.scopes.begin() + 1, report.scopes.end(), sooner);
  }
  if (query.verify) report.verification = verify(report);
  return report;
}

}  // namespace oomkit
