// Swap: none, full, or free and of no use.
#include <algorithm>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/ledger.h"
#include "explain/rules.h"
#include "explain/words.h"
#include "explain/zone_facts.h"

namespace oomkit {
namespace {

// Swap counts as full below this share: the last pages are scattered over its clusters.
constexpr double kFullPercent = 2;

std::optional<Bytes> anon_in_memory(const Context& context) {
  if (context.scope == Scope::memcg) {
    return context.amounts ? context.amounts->anon : std::nullopt;
  }
  if (context.host == nullptr) return std::nullopt;
  const auto active = host_amount(*context.host, "active_anon", context.page_size);
  const auto inactive = host_amount(*context.host, "inactive_anon", context.page_size);
  if (!active && !inactive) return std::nullopt;
  return plus(active.value_or(Bytes(0)), inactive.value_or(Bytes(0)));
}

std::optional<Bytes> swap_in_tasks(const Context& context) {
  std::optional<Bytes> sum;
  for (const Task& task : context.report.at.tasks) {
    if (const auto swapped = bytes_of_pages(task.swapents, context.page_size)) {
      sum = plus(sum.value_or(Bytes(0)), *swapped);
    }
  }
  return sum;
}

const MemcgCounter* group_swap(const Context& context) {
  if (context.scope != Scope::memcg || context.memcg == nullptr || !context.memcg->swap) {
    return nullptr;
  }
  return &*context.memcg->swap;
}

// v1: when both limits are equal there is no room for swap.
bool memsw_leaves_no_swap(const Context& context) {
  if (context.scope != Scope::memcg || context.memcg == nullptr) return false;
  const auto& memory = context.memcg->memory;
  const auto& memsw = context.memcg->memsw;
  return memory && memsw && memory->limit && memsw->limit && *memory->limit == *memsw->limit;
}

Finding group_without_swap(const Context& context, std::string_view setting, std::uint64_t line) {
  auto finding = say(FindingId::swap_absent, Severity::notice, "The group may not use swap",
                     text_of({setting,
                              ": memory of processes could not be moved out, whatever "
                              "swap the host has."}));
  if (const auto anon = anon_in_memory(context)) {
    finding.detail += text_of({" ", size_text(*anon), " of it were anonymous."});
    finding.numbers.push_back(bytes_number("anon_bytes", *anon));
  }
  finding.numbers.push_back(bytes_number("swap_limit_bytes", Bytes(0)));
  finding.lines = evidence({line});
  return finding;
}

// Why swap that was free was not used; "" if nothing in the log explains it.
std::string unused_reason(const Context& context, Bytes anon, Bytes free_swap) {
  if (anon < free_swap && context.whole && !at_least(anon, 5, *context.whole)) {
    return text_of(
        {"there was next to nothing that could go there: swap takes anonymous memory "
         "only, and ",
         size_text(anon), " of it were left in RAM"});
  }
  if (context.request_known && context.request.empty) {
    return "the request that failed is not in this report (its mask is 0), so the host need not "
           "have been short at all";
  }
  const ZoneFacts facts = zone_facts(context);
  if (facts.fragmented > 0) {
    return "what was missing were pages side by side, and moving pages out leaves holes, not "
           "blocks";
  }
  const bool other_zones = facts.tested && facts.allowed < context.said.zones.size() &&
                           facts.free_total > facts.free_allowed;
  if (other_zones && !context.request.highmem) {
    return "the request needed the kernel's own zones, and what swap frees lies mostly elsewhere";
  }
  return {};
}

}  // namespace

std::optional<Finding> find_swap_absent(const Context& context) {
  if (const MemcgCounter* swap = group_swap(context)) {
    if (!swap->limit || *swap->limit != KiB(0)) return std::nullopt;
    return group_without_swap(context, "memory.swap.max is 0", swap->line);
  }
  if (memsw_leaves_no_swap(context)) {
    return group_without_swap(context,
                              "The limit of memory and swap together equals that of memory",
                              context.memcg->memsw->line);
  }
  if (context.scope == Scope::memcg || context.host == nullptr || !context.host->swap_total ||
      *context.host->swap_total != KiB(0)) {
    return std::nullopt;
  }
  const auto anon = anon_in_memory(context);
  // Swap takes anonymous memory: where there is little of it, swap would have changed nothing.
  const bool little = anon && context.whole && !at_least(*anon, 10, *context.whole);
  if (little || context.report.manual) return std::nullopt;
  auto finding = say(FindingId::swap_absent, Severity::notice, "The host has no swap",
                     "Anonymous memory can only be given up by killing.");
  if (anon) {
    finding.title =
        text_of({"No swap: ", size_text(*anon), " of anonymous memory had nowhere to go"});
    finding.numbers.push_back(bytes_number("anon_bytes", *anon));
    if (context.whole && at_least(*anon, 25, *context.whole)) {
      finding.advice = {text_of({"swap or zram lets idle pages go before anybody is killed: even ",
                                 size_text(*anon / 4),
                                 " (a quarter of what was anonymous) moves the "
                                 "limit by that much; it does not stop a leak"})};
    }
  }
  finding.numbers.push_back(bytes_number("swap_total_bytes", Bytes(0)));
  finding.lines = evidence({context.host->swap_line});
  return finding;
}

std::optional<Finding> find_swap_full(const Context& context) {
  Bytes used(0);
  Bytes total(0);
  std::uint64_t line = 0;
  const MemcgCounter* group = group_swap(context);
  if (group != nullptr) {
    if (!group->limit || *group->limit <= KiB(0) || group->usage < *group->limit) {
      return std::nullopt;
    }
    used = to_bytes(group->usage);
    total = to_bytes(*group->limit);
    line = group->line;
  } else {
    if (context.scope == Scope::memcg || context.host == nullptr || !context.host->swap_total ||
        !context.host->swap_free || *context.host->swap_total <= KiB(0)) {
      return std::nullopt;
    }
    total = to_bytes(*context.host->swap_total);
    const Bytes free = to_bytes(*context.host->swap_free);
    if (at_least(free, kFullPercent, total)) return std::nullopt;
    used = minus(total, free);
    line = context.host->swap_line;
  }
  auto finding = say(FindingId::swap_full, Severity::warning,
                     text_of({group != nullptr ? "The group's swap was full: " : "Swap was full: ",
                              size_text(used), " of ", size_text(total)}),
                     "");
  finding.numbers = {bytes_number("swap_used_bytes", used),
                     bytes_number("swap_total_bytes", total)};
  if (const auto tasks = swap_in_tasks(context)) {
    finding.numbers.push_back(bytes_number("swap_in_tasks_bytes", *tasks));
    finding.detail = text_of({"The processes of the table have ", size_text(*tasks), " of it."});
    const Bytes others = minus(used, *tasks);
    if (others > kMiB && at_least(others, 10, used)) {
      finding.detail +=
          text_of({" The other ", size_text(others),
                   group != nullptr ? " are tmpfs, shared memory or of processes that "
                                      "have ended."
                                    : " are tmpfs, shared memory, or of processes that "
                                      "the table lacks."});
    }
  }
  finding.detail += finding.detail.empty() ? "" : " ";
  finding.detail += "With swap full the kernel can only give up pages of files.";
  finding.lines = evidence({line});
  return finding;
}

std::optional<Finding> find_swap_unusable(const Context& context) {
  if (context.scope != Scope::host || context.host == nullptr || context.report.manual ||
      !context.host->swap_total || !context.host->swap_free) {
    return std::nullopt;
  }
  const Bytes total = to_bytes(*context.host->swap_total);
  const Bytes free = to_bytes(*context.host->swap_free);
  const auto anon = anon_in_memory(context);
  if (total <= Bytes(0) || !at_least(free, 10, total) || !anon) return std::nullopt;
  const std::string reason = unused_reason(context, *anon, free);
  auto finding =
      say(FindingId::swap_unusable, Severity::notice,
          text_of({size_text(free), " of swap were free and could not help"}),
          reason.empty() ? text_of({"Why is not in the report: ", size_text(*anon),
                                    " of anonymous memory were in RAM. Pages locked with "
                                    "mlock(), a slow swap device and vm.swappiness = 0 "
                                    "are what to look for."})
                         : text_of({"Swap was free, but ", reason, "."}));
  finding.numbers = {bytes_number("swap_free_bytes", free), bytes_number("swap_total_bytes", total),
                     bytes_number("anon_bytes", *anon)};
  finding.lines = evidence({context.host->swap_line, context.host->counters_line});
  return finding;
}

}  // namespace oomkit
