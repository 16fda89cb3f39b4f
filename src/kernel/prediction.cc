#include "kernel/prediction.h"

#include <algorithm>

#include "kernel/totalpages.h"
#include "kernel/watermark.h"

namespace oomkit {
namespace {

// Nothing in a snapshot is trusted to be small: a sum of two of these does not overflow.
constexpr std::int64_t kSaneMax = INT64_MAX / 4;

std::optional<Pages> sane_pages(std::optional<Bytes> amount, std::optional<PageSize> page_size) {
  if (!amount || !page_size || amount->count() < 0) return std::nullopt;
  return std::min(floor_pages(*amount, *page_size), Pages(kSaneMax));
}

std::optional<Pages> meminfo_pages(const Snapshot& snapshot, std::string_view name) {
  if (!snapshot.host_state) return std::nullopt;
  return sane_pages(snapshot.host_state->amount(name), snapshot.page_size);
}

std::int64_t sysctl(const Snapshot& snapshot, std::string_view name, std::int64_t otherwise) {
  return snapshot.host_state ? snapshot.host_state->sysctl.find(name).value_or(otherwise)
                             : otherwise;
}

std::optional<Spared> spared_of(const Badness& b, const TaskState* state, std::int64_t score,
                                BadnessRule rule) {
  if (b.unkillable) {
    switch (*b.unkillable) {
      case Unkillable::adj_minus_1000:
        return Spared::adj_minus_1000;
      case Unkillable::init:
        // The first process of a container is not the host's, and the kernel says so.
        if (state != nullptr && state->oom_score.value_or(0) > 0) return std::nullopt;
        return Spared::init;
      case Unkillable::kernel_thread:
        return state != nullptr && state->kernel_thread == true ? Spared::kernel_thread
                                                                : Spared::exited;
    }
  }
  // From 5.9 on an eligible task has 666 without any memory, so that 0 says "not eligible",
  // but for one that adj pushes down to it.
  const bool says_no = state != nullptr && state->oom_score == 0;
  if (rule == BadnessRule::v5 && says_no && score > 1) return Spared::by_kernel;
  return std::nullopt;
}

bool have_common(const std::vector<int>& a, const std::vector<int>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](int node) { return std::binary_search(b.begin(), b.end(), node); });
}

// oom_cpuset_eligible() in mm/oom_kill.c. What is not known spares nobody.
bool may_use_one_of(const NodeScope& scope, const TaskState& state, const KernelVersion& version) {
  if (!scope.mempolicy) {
    const auto own = state.mems_allowed ? parse_node_list(*state.mems_allowed) : std::nullopt;
    return !own || have_common(*own, scope.nodes);
  }
  // "bind:0-1". A preference is none that a shortage would keep to; interleaving counted as
  // bound until 5.14.
  if (!state.mempolicy) return true;
  const std::string& policy = *state.mempolicy;
  const std::size_t colon = policy.find(':');
  const std::string_view mode = std::string_view(policy).substr(0, colon);
  const bool bound = mode == "bind" || (mode == "interleave" && version < KernelVersion{5, 14, 0});
  if (!bound || colon == std::string::npos) return true;
  const auto own = parse_node_list(std::string_view(policy).substr(colon + 1));
  return !own || have_common(*own, scope.nodes);
}

class Predictor {
 public:
  Predictor(const Snapshot& snapshot, const KernelVersion& version, Pages host_total,
            HostShortage shortage = {})
      : snapshot_(snapshot),
        version_(version),
        host_total_(host_total),
        shortage_(std::move(shortage)) {}

  Prediction predict(std::optional<std::size_t> memcg, Pages totalpages) {
    Prediction prediction;
    prediction.memcg = memcg;
    prediction.shortage = shortage_;
    prediction.totalpages = totalpages;
    context_.totalpages = totalpages;
    context_.page_size = *snapshot_.page_size;
    const auto swap = meminfo_pages(snapshot_, "SwapTotal");
    context_.swap_absent = swap == Pages(0);
    context_ = judged_by(version_, context_);
    prediction.rule = context_.rule;
    rank(prediction);
    choose(prediction);
    return prediction;
  }

 private:
  const TaskState* state_of(std::size_t task) const {
    return snapshot_.task_states.empty() ? nullptr : &snapshot_.task_states[task];
  }

  bool in_scope(std::size_t task, std::optional<std::size_t> memcg) const {
    if (!memcg) return true;
    const TaskState* const state = state_of(task);
    return state != nullptr && state->memcg && snapshot_.memcgs->is_within(*state->memcg, *memcg);
  }

  // The order of the kernel's walk: of the host as the tasks stand; of a memcg its tree from
  // the top, each cgroup's tasks by its own list.
  std::vector<std::size_t> walk(std::optional<std::size_t> memcg) const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < snapshot_.tasks.size(); ++i) {
      if (in_scope(i, memcg)) order.push_back(i);
    }
    if (memcg) {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return *state_of(a)->memcg < *state_of(b)->memcg;
      });
    }
    return order;
  }

  void rank(Prediction& prediction) const {
    const std::vector<std::size_t> order = walk(prediction.memcg);
    std::vector<PredictedTask> spared;
    for (const std::size_t index : order) {
      const auto b = badness(snapshot_.tasks[index], context_);
      if (!b) {
        ++prediction.unknown;
        continue;
      }
      BadnessContext host = context_;
      host.totalpages = host_total_;
      const auto of_host = badness(snapshot_.tasks[index], host);
      const std::int64_t score =
          of_host ? oom_score(of_host->points, false, context_.rule, host_total_) : 0;
      auto why = spared_of(*b, state_of(index), score, context_.rule);
      const TaskState* const state = state_of(index);
      if (!why && shortage_.nodes && state != nullptr &&
          !may_use_one_of(*shortage_.nodes, *state, version_)) {
        why = Spared::other_nodes;
      }
      if (why == Spared::kernel_thread || why == Spared::exited) continue;
      (why ? spared : prediction.tasks).push_back({index, *b, why});
    }
    // The last of equals is taken from 5.3 on, and so comes first here.
    if (tie_rule(version_) == TieRule::last) {
      std::reverse(prediction.tasks.begin(), prediction.tasks.end());
    }
    std::stable_sort(prediction.tasks.begin(), prediction.tasks.end(),
                     [](const PredictedTask& a, const PredictedTask& b) {
                       return a.badness.points > b.badness.points;
                     });
    const auto own = [](const PredictedTask& task) {
      return task.badness.rss + task.badness.swap + task.badness.pgtables;
    };
    std::stable_sort(
        spared.begin(), spared.end(),
        [&](const PredictedTask& a, const PredictedTask& b) { return own(a) > own(b); });
    while (prediction.tied < prediction.tasks.size() &&
           prediction.tasks[prediction.tied].badness.points ==
               prediction.tasks.front().badness.points) {
      ++prediction.tied;
    }
    prediction.tasks.insert(prediction.tasks.end(), spared.begin(), spared.end());
  }

  void choose(Prediction& prediction) const {
    const std::int64_t panic = sysctl(snapshot_, "vm.panic_on_oom", 0);
    const bool host = !prediction.memcg;
    const MemcgNode* const memcg =
        prediction.memcg ? &snapshot_.memcgs->nodes[*prediction.memcg] : nullptr;
    if (memcg != nullptr && memcg->oom_kill_disable == true) {
      prediction.outcome = OomOutcome::waits;
      return;
    }
    // 1 is for a shortage of all nodes alone; sysrq f never panics from 3.17 on.
    const bool asked_for = shortage_.manual && version_ >= KernelVersion{3, 17, 0};
    if (!asked_for && (panic >= 2 || (host && !shortage_.nodes && panic == 1))) {
      prediction.outcome = OomOutcome::panics;
      return;
    }
    if (prediction.tied == 0) {
      prediction.outcome = OomOutcome::nothing_to_kill;
      return;
    }
    // A kernel thread asks for sysrq f, and dies for nobody.
    prediction.outcome =
        host && !shortage_.manual && sysctl(snapshot_, "vm.oom_kill_allocating_task", 0) != 0
            ? OomOutcome::kills_allocating
            : OomOutcome::kills;
    prediction.would_kill.push_back(prediction.tasks.front().index);
    add_group(prediction);
  }

  // The highest cgroup with oom.group from the victim's up to the scope, the root excepted.
  void add_group(Prediction& prediction) const {
    const std::size_t victim = prediction.would_kill.front();
    const TaskState* const state = state_of(victim);
    if (!snapshot_.memcgs || snapshot_.memcgs->version != 2 || state == nullptr || !state->memcg) {
      return;
    }
    const MemcgTree& tree = *snapshot_.memcgs;
    for (std::optional<std::size_t> at = state->memcg; at; at = tree.nodes[*at].parent) {
      if (tree.nodes[*at].oom_group == true) prediction.group = at;
      if (at == prediction.memcg) break;
    }
    if (!prediction.group) return;
    for (std::size_t i = 0; i < snapshot_.tasks.size(); ++i) {
      const Task& task = snapshot_.tasks[i];
      if (i == victim || !in_scope(i, prediction.group)) continue;
      if (task.oom_score_adj == -1000 || task.pid == 1 || task.total_vm == Pages(0)) continue;
      prediction.would_kill.push_back(i);
    }
  }

  const Snapshot& snapshot_;
  KernelVersion version_;
  Pages host_total_;
  HostShortage shortage_;
  BadnessContext context_{};
};

// Swap of its own that a memcg may have beside its memory.
Pages swap_share(const Snapshot& snapshot, const MemcgNode& memcg, const KernelVersion& version,
                 Pages limit, Pages host_swap) {
  const PageSize size = *snapshot.page_size;
  if (snapshot.memcgs->version == 1) {
    const std::int64_t swappiness = memcg.swappiness.value_or(60);
    if (swappiness == 0) return Pages(0);
    const auto both = memcg.memsw_limit ? sane_pages(memcg.memsw_limit->size, size) : std::nullopt;
    // Up to 3.4 and again from 5.10 on, and in between by another sum with the same result.
    return both ? std::min(std::max(*both - limit, Pages(0)), host_swap) : host_swap;
  }
  if (sysctl(snapshot, "vm.swappiness", 60) == 0) return Pages(0);
  // 4.4 knew no limit of swap in version 2.
  if (version < KernelVersion{4, 5, 0}) return host_swap;
  const auto own = memcg.swap_limit ? sane_pages(memcg.swap_limit->size, size) : std::nullopt;
  return own ? std::min(*own, host_swap) : host_swap;
}

}  // namespace

std::optional<Pages> host_totalpages(const Snapshot& snapshot) {
  const auto ram = meminfo_pages(snapshot, "MemTotal");
  const auto swap = meminfo_pages(snapshot, "SwapTotal");
  if (ram && swap) return std::max(*ram + *swap, Pages(1));
  if (!snapshot.host_memory || !snapshot.page_size) return std::nullopt;
  return host_totalpages(*snapshot.host_memory, *snapshot.page_size);
}

std::optional<Pages> memcg_totalpages(const Snapshot& snapshot, const KernelVersion& version,
                                      std::size_t memcg) {
  if (!snapshot.memcgs || memcg >= snapshot.memcgs->nodes.size()) return std::nullopt;
  const MemcgNode& node = snapshot.memcgs->nodes[memcg];
  const auto host_swap = meminfo_pages(snapshot, "SwapTotal");
  if (!snapshot.page_size || !host_swap) return std::nullopt;
  std::optional<Pages> limit;
  if (node.limit) limit = sane_pages(node.limit->size, snapshot.page_size);
  if (!limit) return std::nullopt;
  return std::max(*limit + swap_share(snapshot, node, version, *limit, *host_swap), Pages(1));
}

std::optional<Pages> nodes_totalpages(const Snapshot& snapshot, const std::vector<int>& nodes) {
  if (!snapshot.host_memory || !snapshot.page_size) return std::nullopt;
  auto swap = meminfo_pages(snapshot, "SwapTotal");
  if (!swap && snapshot.host_memory->swap_total)
    swap = sane_pages(to_bytes(*snapshot.host_memory->swap_total), snapshot.page_size);
  if (!swap) return std::nullopt;
  Pages present;
  for (const Zone& zone : snapshot.host_memory->zones) {
    if (!std::binary_search(nodes.begin(), nodes.end(), zone.node.value_or(0))) continue;
    const auto amount = zone.find("present");
    const auto pages =
        sane_pages(amount ? std::optional(to_bytes(*amount)) : std::nullopt, snapshot.page_size);
    if (!pages) return std::nullopt;
    present = std::min(present + *pages, Pages(kSaneMax));
  }
  if (present == Pages(0)) return std::nullopt;
  return present + *swap;
}

std::optional<Prediction> predict_host(const Snapshot& snapshot, const KernelVersion& version,
                                       const HostShortage& shortage) {
  const auto host = host_totalpages(snapshot);
  if (!host || !snapshot.page_size || badness_rule(version) == BadnessRule::v0) {
    return std::nullopt;
  }
  const auto total = shortage.nodes ? nodes_totalpages(snapshot, shortage.nodes->nodes) : host;
  if (!total) return std::nullopt;
  return Predictor(snapshot, version, *host, shortage).predict(std::nullopt, *total);
}

std::optional<Prediction> predict_memcg(const Snapshot& snapshot, const KernelVersion& version,
                                        std::size_t memcg) {
  const auto host = host_totalpages(snapshot);
  const auto total = memcg_totalpages(snapshot, version, memcg);
  if (!host || !total || badness_rule(version) == BadnessRule::v0) return std::nullopt;
  return Predictor(snapshot, version, *host).predict(memcg, *total);
}

}  // namespace oomkit
