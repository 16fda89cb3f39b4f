// Which limit of a memory cgroup was met, whose it is, and why usage and limit may differ.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/owners.h"
#include "explain/rules.h"
#include "explain/trigger.h"
#include "explain/words.h"

namespace oomkit {
namespace {

// Charges go in batches of up to 64 pages, and other cpus give some back while the report
// is being made: a usage this near to the limit is at the limit.
constexpr std::int64_t kBatchPages = 64;

Bytes batch_slack(const Context& context) {
  return to_bytes(Pages(kBatchPages), context.page_size.value_or(PageSize::k4K));
}

struct Margins {
  std::optional<Bytes> memory;  // Limit less usage; negative above the limit.
  std::optional<Bytes> memsw;
};

std::optional<Bytes> margin(const std::optional<MemcgCounter>& counter) {
  if (!counter || !counter->limit) return std::nullopt;
  return minus(to_bytes(*counter->limit), to_bytes(counter->usage));
}

Margins margins_of(const MemcgReport& memcg) {
  return {margin(memcg.memory), margin(memcg.memsw)};
}

// memory+swap bound if it was at its limit and memory itself was further from its own.
bool memsw_bound(const Context& context) {
  if (context.scope != Scope::memcg || context.memcg == nullptr) return false;
  const Margins margins = margins_of(*context.memcg);
  if (!margins.memsw || *margins.memsw > batch_slack(context)) return false;
  return !margins.memory || *margins.memsw < *margins.memory;
}

bool stack_has(const OomReport& report, std::string_view function) {
  return std::any_of(report.stack.begin(), report.stack.end(), [&](const std::string& frame) {
    return frame.compare(0, function.size(), function) == 0;
  });
}

std::string over_limit_sentence(const Context& context, Bytes over) {
  const std::string begin = text_of({" It is ", size_text(over), " above the limit: "});
  if (stack_has(context.report, "memory_max_write") ||
      stack_has(context.report, "mem_cgroup_resize")) {
    return begin + "the limit had just been set lower than what was in use.";
  }
  if (context.amounts && context.amounts->sock.value_or(Bytes(0)) > Bytes(0)) {
    return begin + "packets that arrive are charged even when the limit is reached.";
  }
  return begin +
         "some charges are never refused (of dying tasks, of interrupts, of requests that must "
         "not fail).";
}

std::string under_limit_sentence(const Context& context, Bytes under) {
  if (context.page_size && context.order > 0) {
    const Bytes request = to_bytes(Pages(std::int64_t{1} << context.order), *context.page_size);
    if (request > under) {
      return text_of({" ", size_text(under), " were left below the limit, and the request was for ",
                      pages_of_order(context.order, context.page_size), ": it did not fit."});
    }
  }
  if (under <= batch_slack(context)) {
    return text_of({" The ", size_text(under),
                    " below the limit are no room: the kernel charges in batches, and other cpus "
                    "gave pages back while this was printed."});
  }
  return text_of({" Usage was ", size_text(under),
                  " below the limit when this was printed: memory was freed, or the limit raised, "
                  "after the charge had failed."});
}

std::string difference_sentence(const Context& context) {
  const auto left = margin(context.memcg->memory);
  if (!left || *left == Bytes(0)) return {};
  if (*left < Bytes(0)) return over_limit_sentence(context, minus(Bytes(0), *left));
  if (memsw_bound(context)) return " What bound was the limit of memory and swap together.";
  return under_limit_sentence(context, *left);
}

std::string evidence_sentence(const Context& context) {
  const OomReport& report = context.report;
  const auto& selection = report.selection;
  if (selection && selection->constraint_word &&
      selection->constraint_word->find("MEMCG") == std::string::npos) {
    return text_of({" The kernel printed ", *selection->constraint_word,
                    ", as some kernels do; that the group is named, or the words \"Memory cgroup "
                    "out of memory\", decide."});
  }
  if (report.constraint_source == ConstraintSource::stated) return {};
  return " The constraint is not printed in this log: it follows from the words of the report.";
}

// Raising the limit is advice only where processes filled it: for anything else it buys
// time at most, and the finding about that share says what to do.
std::optional<std::string> raise_advice(const Context& context) {
  const MemcgCounter& memory = *context.memcg->memory;
  if (!memory.limit || !context.said.ledger || memsw_bound(context)) return std::nullopt;
  const Ledger& ledger = *context.said.ledger;
  if (ledger.rows.empty()) return std::nullopt;
  const std::string_view top = ledger.rows.front().key;
  if (top != "anon" && top != "rss") return std::nullopt;
  const Bytes usage = to_bytes(memory.usage);
  return text_of({"if that use is normal for it, raise ", limit_knob(context), " from ",
                  size_text(to_bytes(*memory.limit)), " to about ",
                  size_text(plus(usage, usage / 5)),
                  " (what was in use and a fifth more); if it grows without end, no limit helps"});
}

}  // namespace

std::optional<Finding> find_memcg_limit(const Context& context) {
  if (context.scope != Scope::memcg) return std::nullopt;
  const std::string owner = limit_owner_text(context);
  if (context.memcg == nullptr || !context.memcg->memory) {
    std::string detail = text_of({"The shortage was that of ", owner,
                                  ", not of the host. Its usage and limit are not in the log."});
    auto finding = say(FindingId::memcg_limit, Severity::critical,
                       text_of({"The memory limit of ", owner, " was reached"}),
                       detail + evidence_sentence(context));
    finding.lines = evidence({context.report.selection ? context.report.selection->line : 0,
                              context.victim ? context.victim->line : 0});
    return finding;
  }
  const MemcgCounter& memory = *context.memcg->memory;
  const Bytes usage = to_bytes(memory.usage);
  const std::string limit =
      memory.limit ? size_text(to_bytes(*memory.limit)) : std::string("no limit of memory alone");
  auto finding =
      say(FindingId::memcg_limit, Severity::critical,
          memory.limit ? text_of({"The ", limit, " memory limit of ", owner,
                                  memsw_bound(context) ? " was nearly reached, its limit "
                                                         "of memory and swap was"
                                                       : " was reached"})
                       : text_of({"A limit of ", owner, " was reached"}),
          text_of({"Usage ", size_text(usage), " of ", limit,
                   ". Free memory of the host plays no part in it."}));
  finding.detail += difference_sentence(context);
  if (memory.failcnt && *memory.failcnt > 0) {
    const auto times =
        static_cast<std::int64_t>(std::min<std::uint64_t>(*memory.failcnt, INT64_MAX));
    finding.detail += text_of({" A charge had met the limit ", count_text(times, "time"), "."});
    finding.numbers.push_back(count_number("failcnt", times));
  }
  finding.detail += evidence_sentence(context);
  finding.numbers.push_back(bytes_number("usage_bytes", usage));
  if (memory.limit) {
    finding.numbers.push_back(bytes_number("limit_bytes", to_bytes(*memory.limit)));
    finding.numbers.push_back(
        bytes_number("over_limit_bytes", minus(usage, to_bytes(*memory.limit))));
  }
  finding.lines =
      evidence({memory.line, context.report.selection ? context.report.selection->line : 0});
  if (auto advice = raise_advice(context)) finding.advice.push_back(*std::move(advice));
  if (context.said.limit_owner) {
    for (std::string& command : owner_commands(*context.said.limit_owner)) {
      finding.advice.push_back(std::move(command));
    }
  }
  return finding;
}

std::optional<Finding> find_parent_limit(const Context& context) {
  if (!limit_is_of_ancestor(context)) return std::nullopt;
  const std::string owner = limit_owner_text(context);
  auto finding = say(
      FindingId::parent_limit, Severity::warning,
      text_of({"The limit is that of ", owner, ", not the victim's own"}),
      text_of({"The victim was in ", victim_owner_text(context),
               ", a group below it. All groups below share that limit, and any task in any of them "
               "could have been chosen. A higher limit for the victim's own ",
               owner_kind(context.said.victim_owner), " will not help."}));
  finding.lines = evidence({context.report.selection ? context.report.selection->line : 0,
                            context.memcg->memory ? context.memcg->memory->line : 0});
  const auto& memory = context.memcg->memory;
  const std::string now = memory && memory->limit
                              ? text_of({", now ", size_text(to_bytes(*memory->limit))})
                              : std::string();
  finding.advice = {text_of({"the limit to raise is ", limit_knob(context), now,
                             "; or lower what the groups below it may hold together"})};
  return finding;
}

std::optional<Finding> find_memsw_limit(const Context& context) {
  if (!memsw_bound(context)) return std::nullopt;
  const MemcgCounter& memsw = *context.memcg->memsw;
  const Bytes limit = to_bytes(*memsw.limit);
  std::string title =
      text_of({"Memory and swap together reached their limit of ", size_text(limit)});
  std::string detail = text_of(
      {"memory+swap: usage ", size_text(to_bytes(memsw.usage)), " of ", size_text(limit), "."});
  auto finding =
      say(FindingId::memsw_limit, Severity::critical, std::move(title), std::move(detail));
  finding.numbers = {bytes_number("memsw_usage_bytes", to_bytes(memsw.usage)),
                     bytes_number("memsw_limit_bytes", limit)};
  if (context.memcg->memory) {
    const MemcgCounter& memory = *context.memcg->memory;
    finding.detail += text_of({" Memory alone was at ", size_text(to_bytes(memory.usage)),
                               memory.limit ? text_of({" of ", size_text(to_bytes(*memory.limit))})
                                            : std::string(", without a limit of its own"),
                               ": a higher memory limit alone changes nothing, and moving pages to "
                               "swap frees nothing of this limit."});
    finding.numbers.push_back(bytes_number("usage_bytes", to_bytes(memory.usage)));
  }
  finding.lines = evidence({memsw.line, context.memcg->memory ? context.memcg->memory->line : 0});
  finding.advice = {text_of({"raise memory.memsw.limit_in_bytes (docker: --memory-swap) above ",
                             size_text(limit), "; it is the sum of memory and swap"})};
  return finding;
}

std::optional<Finding> find_cgroup_deleted(const Context& context) {
  if (context.memcg == nullptr) return std::nullopt;
  const auto gone = [](const std::optional<std::string>& path) {
    if (!path) return false;
    constexpr std::string_view kDeleted = " (deleted)";
    return *path == "(null)" || *path == "/(null)" ||
           (path->size() > kDeleted.size() &&
            path->compare(path->size() - kDeleted.size(), kDeleted.size(), kDeleted) == 0);
  };
  const bool task = gone(context.memcg->task_path);
  const bool limit = gone(context.memcg->oom_path);
  if (!task && !limit) return std::nullopt;
  auto finding = say(FindingId::cgroup_deleted, Severity::notice,
                     limit ? "The group whose limit was reached had been removed"
                           : "The group of the victim had been removed",
                     "Its directory was gone when the kernel printed its path, while memory was "
                     "still charged to it: whose it was can no longer be looked up by that path.");
  finding.lines = evidence({context.report.selection ? context.report.selection->line : 0,
                            context.memcg->memory ? context.memcg->memory->line : 0});
  return finding;
}

}  // namespace oomkit
