// The host, or the nodes that a task may use, had no memory left.
#include <algorithm>
#include <map>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/rules.h"
#include "explain/words.h"
#include "explain/zone_facts.h"

namespace oomkit {
namespace {

bool bound_to_nodes(const Context& context) {
  return context.report.constraint == Constraint::cpuset ||
         context.report.constraint == Constraint::memory_policy;
}

std::string swap_sentence(const HostMemory& host) {
  if (!host.swap_total) return {};
  if (*host.swap_total == KiB(0)) return " There is no swap.";
  if (!host.swap_free) return {};
  return text_of({" Of ", size_text(to_bytes(*host.swap_total)), " of swap ",
                  size_text(to_bytes(*host.swap_free)), " were free."});
}

std::string inferred_sentence(const Context& context) {
  if (context.report.constraint_source == ConstraintSource::stated) return {};
  return " This log does not print the constraint: that it was the host follows from the other "
         "words of the report.";
}

struct NodeSum {
  Bytes free, min, managed;
};

std::map<int, NodeSum> sum_nodes(const HostMemory& host) {
  std::map<int, NodeSum> nodes;
  for (const Zone& zone : host.zones) {
    NodeSum& sum = nodes[zone.node.value_or(0)];
    sum.free = plus(sum.free, zone_amount(zone, "free"));
    sum.min = plus(sum.min, zone_amount(zone, "min"));
    sum.managed = plus(sum.managed, zone_amount(zone, "managed"));
  }
  return nodes;
}

std::string node_list_text(const std::vector<int>& nodes) {
  std::vector<std::string> names;
  names.reserve(nodes.size());
  for (const int node : nodes)
    names.push_back(std::to_string(node));
  return text_of({nodes.size() == 1 ? "node " : "nodes ", list_text(names)});
}

// The nodes that were short and those that were not: the point of both findings.
struct NodeStory {
  std::vector<std::string> short_of, not_short;
  Bytes free_inside, free_outside;
  bool known = false;
};

NodeStory tell_nodes(const Context& context, const std::vector<int>& allowed) {
  NodeStory story;
  if (context.host == nullptr || allowed.empty()) return story;
  for (const auto& [node, sum] : sum_nodes(*context.host)) {
    const bool inside = std::find(allowed.begin(), allowed.end(), node) != allowed.end();
    story.known |= inside;
    Bytes& total = inside ? story.free_inside : story.free_outside;
    total = plus(total, sum.free);
    const std::string words = text_of({"node ", std::to_string(node), " had ", size_text(sum.free),
                                       " free (min ", size_text(sum.min), ")"});
    (inside ? story.short_of : story.not_short).push_back(words);
  }
  return story;
}

Finding node_finding(const Context& context, FindingId id, std::string_view bound_by,
                     const std::vector<int>& nodes) {
  const NodeStory story = tell_nodes(context, nodes);
  const bool wrong_kind = nodes_lack_kind(context);
  const std::string which =
      nodes.empty() ? std::string("the nodes that it may use") : node_list_text(nodes);
  auto finding = say(id, Severity::critical,
                     text_of({"The task is bound to ", which, " by ", bound_by,
                              wrong_kind ? ", where there is no memory of the kind it asked for"
                                         : ", and memory ran out there"}),
                     "");
  if (!story.known) {
    finding.detail = "How much was free on each node is not in the log.";
  } else {
    finding.detail = text_of({"Of the nodes that it may use, ", list_text(story.short_of), "."});
    if (!story.not_short.empty()) {
      finding.detail += text_of({" Of those that it may not use, ", list_text(story.not_short),
                                 ": memory that was there and could not help."});
    }
    if (wrong_kind) {
      finding.detail += context.report.complete ? " The" : " As far as the log shows, the";
      finding.detail +=
          " nodes it may use have movable memory only, which a request for memory "
          "that stays in its place cannot use at all.";
    }
    finding.numbers = {bytes_number("free_on_allowed_nodes_bytes", story.free_inside),
                       bytes_number("free_on_other_nodes_bytes", story.free_outside)};
    add_zone_lines(context, finding.lines);
  }
  if (context.report.selection) add_evidence(finding.lines, context.report.selection->line);
  if (context.report.trigger) add_evidence(finding.lines, context.report.trigger->line);
  return finding;
}

}  // namespace

std::optional<Finding> find_host_exhausted(const Context& context) {
  if (context.scope != Scope::host || bound_to_nodes(context) || context.report.manual) {
    return std::nullopt;
  }
  if (context.report.killer != Killer::kernel || host_had_room(context)) return std::nullopt;
  const ZoneFacts facts = zone_facts(context);
  if (facts.fragmented > 0 && facts.served == 0) return std::nullopt;  // Has its own finding.
  auto finding = say(FindingId::host_exhausted, Severity::critical, "", "");
  const auto free = context.host != nullptr ? host_amount(*context.host, "free", context.page_size)
                                            : std::nullopt;
  if (context.host == nullptr || (!free && !context.whole)) {
    finding.title = "The host ran out of memory";
    finding.detail = "How much there was and who held it is not in the log.";
    finding.lines = evidence({context.report.selection ? context.report.selection->line : 0,
                              context.victim ? context.victim->line : 0});
    finding.detail += inferred_sentence(context);
    return finding;
  }
  finding.title = context.whole ? text_of({"The host ran out of memory: ", context.whole_text()})
                                : std::string("The host ran out of memory");
  if (free) {
    if (context.whole) finding.title += text_of({", ", size_text(*free), " free"});
    finding.detail = text_of({size_text(*free),
                              " were free, after the kernel had tried to reclaim "
                              "memory and failed."});
    finding.numbers.push_back(bytes_number("free_bytes", *free));
  }
  finding.detail += swap_sentence(*context.host) + inferred_sentence(context);
  if (context.whole) finding.numbers.push_back(bytes_number("total_bytes", *context.whole));
  if (context.host->swap_total) {
    finding.numbers.push_back(
        bytes_number("swap_total_bytes", to_bytes(*context.host->swap_total)));
  }
  if (context.host->swap_free) {
    finding.numbers.push_back(bytes_number("swap_free_bytes", to_bytes(*context.host->swap_free)));
  }
  finding.lines =
      evidence({context.host->counters_line, context.host->ram_line, context.host->swap_line});
  return finding;
}

std::optional<Finding> find_cpuset_exhausted(const Context& context) {
  if (context.report.constraint != Constraint::cpuset || context.scope == Scope::memcg) {
    return std::nullopt;
  }
  const auto nodes = allowed_nodes(context);
  auto finding = node_finding(context, FindingId::cpuset_exhausted, "its cpuset", nodes);
  const auto& selection = context.report.selection;
  finding.advice = {text_of(
      {"give the cpuset more memory nodes (cpuset.mems",
       selection && selection->cpuset ? text_of({" of ", *selection->cpuset}) : std::string(),
       selection && selection->mems_allowed ? text_of({", now ", *selection->mems_allowed})
                                            : std::string(),
       ")"})};
  return finding;
}

std::optional<Finding> find_mempolicy_exhausted(const Context& context) {
  if (context.report.constraint != Constraint::memory_policy || context.scope == Scope::memcg) {
    return std::nullopt;
  }
  const auto nodes = allowed_nodes(context);
  auto finding = node_finding(context, FindingId::mempolicy_exhausted, "its memory policy", nodes);
  finding.advice = {
      "let it prefer these nodes instead of being bound to them (numactl --preferred instead of "
      "--membind; MPOL_PREFERRED), or bind it to more"};
  return finding;
}

}  // namespace oomkit
