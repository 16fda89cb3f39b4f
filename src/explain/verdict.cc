#include "explain/verdict.h"

#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/filler.h"
#include "explain/owners.h"
#include "explain/words.h"
#include "explain/zone_facts.h"

namespace oomkit {
namespace {

bool has(const Explanation& explanation, FindingId id) {
  return std::any_of(explanation.findings.begin(), explanation.findings.end(),
                     [&](const Finding& finding) { return finding.id == id; });
}

std::string pod_suffix(const Explanation& explanation) {
  return explanation.pod_name ? text_of({" (", *explanation.pod_name, ")"}) : std::string();
}

// "the 200.0 MiB memory limit".
std::string limit_text(const Context& context, const Explanation& explanation) {
  const MemcgReport* memcg = context.memcg;
  if (has(explanation, FindingId::memsw_limit)) {
    return text_of(
        {"the ", size_text(to_bytes(*memcg->memsw->limit)), " limit of memory and swap"});
  }
  if (memcg != nullptr && memcg->memory && memcg->memory->limit) {
    return text_of({"the ", size_text(to_bytes(*memcg->memory->limit)), " memory limit"});
  }
  return "the memory limit";
}

std::string host_cause(const Context& context, const Explanation& explanation) {
  if (context.report.manual) return "somebody asked for it (sysrq f)";
  if (has(explanation, FindingId::fragmentation)) {
    return text_of({"pages side by side were missing, though ",
                    size_text(zone_facts(context).free_allowed), " were free"});
  }
  if (has(explanation, FindingId::lowmem_exhausted)) {
    return text_of({"the zones that the request could use were empty, though ",
                    size_text(zone_facts(context).free_total), " were free in all"});
  }
  const bool cpuset = context.report.constraint == Constraint::cpuset;
  if (cpuset || context.report.constraint == Constraint::memory_policy) {
    const std::string_view by = cpuset ? "a cpuset" : "a memory policy";
    if (nodes_lack_kind(context)) {
      return text_of({"the nodes that ", by, " allows have no memory of the kind asked for"});
    }
    return text_of({"memory ran out on the nodes that ", by, " allows"});
  }
  if (context.host != nullptr && host_had_room(context)) {
    return text_of({"the kernel ran its host-wide killer, though ",
                    size_text(zone_facts(context).free_total), " of RAM were free"});
  }
  std::string cause = "the host ran out of memory";
  if (!context.whole) return cause;
  cause += text_of({" (", context.whole_text()});
  if (has(explanation, FindingId::swap_full)) cause += ", swap full";
  if (has(explanation, FindingId::swap_absent)) cause += ", no swap";
  return cause + ")";
}

std::string cause_text(const Context& context, const Explanation& explanation) {
  switch (context.scope) {
    case Scope::memcg:
      return text_of({limit_text(context, explanation), " of ", limit_owner_text(context),
                      pod_suffix(explanation), " was reached"});
    case Scope::host:
      return host_cause(context, explanation);
    case Scope::unknown:
      break;
  }
  return context.report.manual ? "somebody asked for it (sysrq f)"
                               : "memory ran out, whose is not in the log";
}

std::string who_died(const Context& context) {
  const std::size_t count = context.report.victims.size();
  const bool group = context.report.oom_group || count > 1;
  if (group && count > 1) {
    return text_of(
        {context.victim_text(), " and ",
         count_text(static_cast<std::int64_t>(count) - 1, "more process", "more processes"),
         " were killed"});
  }
  return context.victim_text() + " was killed";
}

std::string first_sentence(const Context& context, const Explanation& explanation) {
  const OomReport& report = context.report;
  const std::string when = when_text(report.at);
  if (report.killer != Killer::kernel) {
    std::string text =
        text_of({context.victim ? context.victim_text() : std::string("Somebody"),
                 " was killed by ", name_of(report.killer), when, ", not by the kernel"});
    if (report.killer_reason && !report.killer_reason->empty()) {
      text += text_of({": ", *report.killer_reason});
    }
    return text + ".";
  }
  const std::string cause = cause_text(context, explanation);
  switch (report.verdict) {
    case Verdict::panic:
      return text_of({"The kernel stopped (panic)", when, ": ", cause, "."});
    case Verdict::no_killable:
      return text_of({"The kernel found nobody to kill", when, ": ", cause, "."});
    case Verdict::killed:
    case Verdict::unknown:
      break;
  }
  if (context.victim) return text_of({who_died(context), " by the kernel", when, ": ", cause, "."});
  return text_of({"The kernel looked for somebody to kill", when, ": ", cause,
                  ". Whom it took is not in the log."});
}

std::string blame_sentence(const Context& context, const Explanation& explanation,
                           const Filler& filler) {
  if (!context.victim) return {};
  const std::string who = process_text(context.victim->comm.value_or(""), std::nullopt);
  if (has(explanation, FindingId::victim_not_culprit)) {
    return text_of({" ", who, " is a victim and not the cause: it held ",
                    size_text(*context.victim_use), "."});
  }
  switch (filler.kind) {
    case FillerKind::process:
      if (context.largest_row == context.victim_row) {
        return text_of({" ", who,
                        " is the one that died; whether it grew or was always that large takes a "
                        "second report to tell."});
      }
      return context.victim_use
                 ? text_of({" ", who, ", which died, held ", size_text(*context.victim_use), "."})
                 : std::string();
    case FillerKind::none:
      return context.victim_use && context.report.victims.size() == 1
                 ? text_of({" ", who, " held ", size_text(*context.victim_use), "."})
                 : std::string();
    case FillerKind::workers:
    case FillerKind::processes:
      return {};
    default:
      break;
  }
  // What filled it is in no process: say how little the victim had of its own.
  const bool alone = context.scope == Scope::memcg && context.report.at.tasks.size() == 1;
  if (alone && context.amounts && context.amounts->anon) {
    return text_of({" The process itself had only ", size_text(*context.amounts->anon),
                    " of anonymous memory."});
  }
  if (!context.victim_use) return {};
  return text_of({" ", who, ", which died, held ", size_text(*context.victim_use), "."});
}

std::string damage_sentence(const Explanation& explanation) {
  for (const Finding& finding : explanation.findings) {
    const bool grave = finding.severity >= Severity::warning;
    if (finding.id == FindingId::truncated_report && grave) {
      return text_of({" ", finding.title, "."});
    }
  }
  return {};
}

// "killed: 200.0 MiB limit of container c3f1de0d0969 (containerd)".
std::string brief_cause(const Context& context, const Explanation& explanation) {
  if (context.scope != Scope::memcg) return cause_text(context, explanation);
  std::string limit = "limit";
  if (has(explanation, FindingId::memsw_limit)) {
    limit = size_text(to_bytes(*context.memcg->memsw->limit)) + " memory+swap limit";
  } else if (context.memcg != nullptr && context.memcg->memory && context.memcg->memory->limit) {
    limit = size_text(to_bytes(*context.memcg->memory->limit)) + " limit";
  }
  return text_of({limit, " of ", limit_owner_text(context), pod_suffix(explanation)});
}

std::string headline_of(const Context& context, const Explanation& explanation,
                        const Filler& filler) {
  const OomReport& report = context.report;
  std::string text;
  if (report.killer != Killer::kernel) {
    return text_of({context.victim ? context.victim_text() : std::string("somebody"), " killed by ",
                    name_of(report.killer)});
  }
  if (report.verdict == Verdict::panic) {
    text = "panic: ";
  } else if (report.verdict == Verdict::no_killable) {
    text = "nobody to kill: ";
  } else if (!context.victim) {
    text = "victim not in the log: ";
  } else {
    text = context.victim_text();
    const std::size_t count = report.victims.size();
    if (count > 1) text += text_of({" and ", std::to_string(count - 1), " more"});
    text += " killed: ";
  }
  text += brief_cause(context, explanation);
  if (!filler.brief.empty()) text += text_of({"; ", filler.brief});
  if (has(explanation, FindingId::victim_not_culprit)) text += "; victim, not the cause";
  return text;
}

}  // namespace

void give_verdict(Explanation& explanation, const Context& context) {
  const Filler filler = filler_of(context);
  std::string verdict = first_sentence(context, explanation);
  if (limit_is_of_ancestor(context)) {
    verdict +=
        text_of({" That limit is not the victim's own but that of a group above it: a higher "
                 "limit for its own ",
                 owner_kind(explanation.victim_owner), " will not help."});
  }
  if (!filler.sentence.empty() && !context.report.manual) {
    verdict += text_of({" ", filler.sentence, "."});
  }
  verdict += blame_sentence(context, explanation, filler);
  if (!context.report.manual && !filler.first.empty()) verdict += text_of({" ", filler.first});
  verdict += damage_sentence(explanation);
  explanation.verdict = std::move(verdict);
  explanation.headline = headline_of(context, explanation, filler);
}

}  // namespace oomkit
