// From one report to its explanation, in the order in which each step needs the last.
#include <utility>

#include "explain/catalogue.h"
#include "explain/context.h"
#include "explain/explanation.h"
#include "explain/ledger.h"
#include "explain/owners.h"
#include "explain/processes.h"
#include "explain/ranking.h"
#include "explain/trigger.h"
#include "explain/verdict.h"
#include "explain/zone_facts.h"
#include "kernel/watermark.h"

namespace oomkit {
namespace {

std::optional<int> victim_adj(const Context& context) {
  const auto adj = context.victim_adj();
  return adj ? std::optional<int>(*adj) : std::nullopt;
}

void identify_owners(Explanation& explanation, const Context& context,
                     const ExplainOptions& options) {
  if (context.memcg == nullptr) return;
  const auto adj = victim_adj(context);
  if (context.memcg->oom_path) {
    explanation.limit_owner = identify_cgroup(*context.memcg->oom_path, adj);
  }
  if (context.memcg->task_path && context.memcg->task_path == context.memcg->oom_path) {
    explanation.victim_owner = explanation.limit_owner;
  } else if (context.memcg->task_path) {
    explanation.victim_owner = identify_cgroup(*context.memcg->task_path, adj);
  }
  for (const auto* owner : {&explanation.limit_owner, &explanation.victim_owner}) {
    if (explanation.pod_name || !*owner || !(*owner)->pod_uid) continue;
    explanation.pod_name = pod_name_of(options.pod_directories, *(*owner)->pod_uid);
  }
}

void make_ledger(Explanation& explanation, const Context& context) {
  if (context.scope == Scope::memcg) {
    if (context.memcg != nullptr)
      explanation.ledger = memcg_ledger(*context.memcg, context.amounts);
  } else if (context.host != nullptr) {
    explanation.ledger = host_ledger(*context.host, context.page_size);
  }
}

void run_zone_tests(Explanation& explanation, const Context& context) {
  if (context.host == nullptr || !context.page_size || !context.request_known ||
      context.scope == Scope::memcg) {
    return;
  }
  explanation.zones = test_zones(*context.host, context.request, context.order,
                                 allowed_nodes(context), *context.page_size, context.version);
}

}  // namespace

Explanation explain(OomReport report, const ExplainOptions& options) {
  Explanation explanation;
  explanation.report = std::move(report);
  if (!explanation.report.at.page_size) {
    explanation.report.at.page_size = page_size_of(explanation.report);
  }
  explanation.processes =
      process_uses(explanation.report.at.tasks, explanation.report.at.page_size);
  Context context(explanation);
  identify_owners(explanation, context, options);
  make_ledger(explanation, context);
  // Before the ranking, which stays: of the longest table each takes megabytes while it is made.
  // Of more names than these nobody reads a list; what is said in brief asks for the first alone,
  // where it may be a swarm.
  constexpr std::size_t kNamesMax = 20;
  if (!options.brief || may_be_swarm(context))
    explanation.by_name = sum_by_name(context, options.brief ? 1 : kNamesMax);
  if (!options.brief) rank_victims(explanation, context);
  run_zone_tests(explanation, context);
  explanation.findings = find_all(context, options.brief);
  if (!options.brief) {
    identify_trigger(explanation, context);
    give_verdict(explanation, context);
  }
  return explanation;
}

}  // namespace oomkit
