// "There was free memory": the test that each zone failed, with its sum.
//
// Memory that is free can still be out of reach: below a watermark, kept for requests that
// can use nothing else, in a zone or on a node that this request may not use, in pieces
// too small, or of a kind that it cannot take. The first test that fails is named.
#include <algorithm>
#include <array>

#include "core/size_text.h"
#include "explain/amounts.h"
#include "explain/catalogue.h"
#include "explain/rules.h"
#include "explain/trigger.h"
#include "explain/words.h"
#include "explain/zone_facts.h"

namespace oomkit {
namespace {

const Zone& zone_of(const Context& context, const ZoneTest& test) {
  return context.host->zones[test.zone];
}

bool boosted(const ZoneTest& test) {
  return test.verdict == ZoneVerdict::below_min && test.boost && *test.boost > KiB(0) &&
         test.free > test.min - *test.boost;
}

// Free memory that somebody who looks at `free` would have counted on.
bool misleading(const Context& context, const ZoneTest& test) {
  const bool above_min =
      zone_amount(zone_of(context, test), "free") > zone_amount(zone_of(context, test), "min");
  switch (test.verdict) {
    case ZoneVerdict::reserved:
    case ZoneVerdict::cma_or_atomic:
    case ZoneVerdict::fragmented:
    case ZoneVerdict::served:
      return true;
    case ZoneVerdict::not_allowed:
      return above_min;
    case ZoneVerdict::below_min:
      return boosted(test);
    case ZoneVerdict::unknown:
      return context.request.empty && above_min;
  }
  return false;
}

bool node_excluded(const Context& context, const Zone& zone) {
  const auto nodes = allowed_nodes(context);
  return zone.node && !nodes.empty() &&
         std::find(nodes.begin(), nodes.end(), *zone.node) == nodes.end();
}

std::string kib_text(KiB amount) {
  return grouped(amount.count()) + " kB";
}

std::string largest_block_text(const Zone& zone) {
  const FreeBlocks* largest = nullptr;
  for (const FreeBlocks& blocks : zone.free_blocks) {
    if (blocks.count > 0 && (largest == nullptr || blocks.block_size > largest->block_size)) {
      largest = &blocks;
    }
  }
  if (largest == nullptr) return {};
  return text_of({"; its largest free block is ", size_text(to_bytes(largest->block_size))});
}

std::string failed_test(const Context& context, const ZoneTest& test) {
  const Zone& zone = zone_of(context, test);
  switch (test.verdict) {
    case ZoneVerdict::not_allowed:
      if (node_excluded(context, zone)) return "on a node that the task may not use";
      return text_of({"in a zone that ", context.request.highmem ? "this" : "a kernel",
                      " request cannot use"});
    case ZoneVerdict::reserved:
      return text_of({"kept for requests that can use nothing else: ", kib_text(test.free),
                      " free is not more than min ", kib_text(test.min), " + lowmem_reserve ",
                      kib_text(test.reserve)});
    case ZoneVerdict::cma_or_atomic:
      return text_of({kib_text(test.unusable_cma), " of it CMA and ",
                      kib_text(test.unusable_highatomic),
                      " kept for urgent requests: what is left of ", kib_text(test.free),
                      " is not more than min ", kib_text(test.min)});
    case ZoneVerdict::fragmented:
      return text_of({"in pieces too small: no free block of ",
                      pages_of_order(context.order, context.page_size), " that it may use",
                      largest_block_text(zone)});
    case ZoneVerdict::served:
      if (passes_last_try(context, test)) {
        return text_of({"enough by these numbers (min ", kib_text(test.min),
                        "): freed after the request had failed, or not what it failed for"});
      }
      return text_of({"above min ", kib_text(test.min), " + lowmem_reserve ",
                      kib_text(test.reserve), ", but not above high ",
                      kib_text(zone.find("high").value_or(KiB(0))),
                      " + the same, which the last try before a kill asks for"});
    case ZoneVerdict::below_min:
      return text_of({"not more than min ", kib_text(test.min), ", which was raised by ",
                      kib_text(test.boost.value_or(KiB(0))), " for a while (watermark boost)"});
    case ZoneVerdict::unknown:
      break;
  }
  return "which no test was made for";
}

std::string zone_sentence(const Context& context, const ZoneTest& test) {
  const Zone& zone = zone_of(context, test);
  return text_of({" ", zone_name(zone), ": ", size_text(zone_amount(zone, "free")), " free, ",
                  failed_test(context, test), "."});
}

// The zones that matter first: by what was free in them.
std::vector<const ZoneTest*> largest_first(const Context& context,
                                           bool (*wanted)(const Context&, const ZoneTest&)) {
  std::vector<const ZoneTest*> tests;
  for (const ZoneTest& test : context.said.zones) {
    if (wanted(context, test)) tests.push_back(&test);
  }
  std::stable_sort(tests.begin(), tests.end(), [&](const ZoneTest* a, const ZoneTest* b) {
    return zone_amount(zone_of(context, *a), "free") > zone_amount(zone_of(context, *b), "free");
  });
  return tests;
}

constexpr std::size_t kZonesTold = 4;

void tell_zones(const Context& context, const std::vector<const ZoneTest*>& tests,
                Finding& finding) {
  for (std::size_t i = 0; i < std::min(tests.size(), kZonesTold); ++i) {
    finding.detail += zone_sentence(context, *tests[i]);
    add_evidence(finding.lines, zone_of(context, *tests[i]).line);
    if (tests[i]->verdict == ZoneVerdict::fragmented) {
      add_evidence(finding.lines, zone_of(context, *tests[i]).free_blocks_line);
    }
  }
  if (tests.size() > kZonesTold) {
    finding.detail +=
        text_of({" And ", count_text(static_cast<std::int64_t>(tests.size() - kZonesTold), "zone"),
                 " more with less."});
  }
}

bool is_fragmented(const Context& /*context*/, const ZoneTest& test) {
  return test.verdict == ZoneVerdict::fragmented;
}

// A zone that the request's kind keeps it out of (and not its node).
bool out_of_reach(const Context& context, const ZoneTest& test) {
  const Zone& zone = zone_of(context, test);
  return test.verdict == ZoneVerdict::not_allowed && !node_excluded(context, zone) &&
         zone.name != "Movable" && zone.name != "Device";
}

}  // namespace

std::optional<Finding> find_lowmem_exhausted(const Context& context) {
  if (context.scope == Scope::memcg || context.host == nullptr) return std::nullopt;
  const ZoneFacts facts = zone_facts(context);
  const auto beyond = largest_first(context, out_of_reach);
  if (beyond.empty() || facts.allowed == 0 || facts.served > 0 || facts.fragmented > 0) {
    return std::nullopt;
  }
  Bytes free_beyond(0);
  bool room = false;
  for (const ZoneTest* test : beyond) {
    const Zone& zone = zone_of(context, *test);
    free_beyond = plus(free_beyond, zone_amount(zone, "free"));
    room |= zone_amount(zone, "free") > zone_amount(zone, "high");
  }
  if (!room) return std::nullopt;  // All zones are short: the host is.
  const bool high = zone_of(context, *beyond.front()).name == "HighMem";
  auto finding = say(FindingId::lowmem_exhausted, Severity::critical,
                     text_of({high ? "Low memory ran out" : "The low zones ran out", " while ",
                              size_text(free_beyond), " were free where this request cannot go"}),
                     text_of({"Only ", count_text(static_cast<std::int64_t>(facts.allowed), "zone"),
                              " can serve it, with ", size_text(facts.free_allowed), " free."}));
  tell_zones(context, beyond, finding);
  for (const ZoneTest& test : context.said.zones) {
    if (test.verdict != ZoneVerdict::not_allowed) {
      add_evidence(finding.lines, zone_of(context, test).line);
    }
  }
  if (context.report.trigger) add_evidence(finding.lines, context.report.trigger->line);
  finding.numbers = {bytes_number("free_in_reach_bytes", facts.free_allowed),
                     bytes_number("free_beyond_bytes", free_beyond)};
  if (high) {
    finding.advice = {
        "use a 64-bit kernel: on 32 bits the kernel's own memory must fit into low memory, "
        "however much RAM there is",
        "until then: fewer threads and less page cache metadata, a smaller cma="};
  }
  return finding;
}

std::optional<Finding> find_fragmentation(const Context& context) {
  if (context.scope == Scope::memcg || context.host == nullptr || context.order <= 0) {
    return std::nullopt;
  }
  const ZoneFacts facts = zone_facts(context);
  if (facts.fragmented == 0 || facts.served > 0) return std::nullopt;
  const auto tests = largest_first(context, is_fragmented);
  auto finding = say(FindingId::fragmentation, Severity::critical,
                     text_of({"No free block of ", pages_of_order(context.order, context.page_size),
                              ", though ", size_text(facts.free_allowed), " were free"}),
                     "Enough pages are free, but not side by side.");
  tell_zones(context, tests, finding);
  finding.numbers = {count_number("order", context.order),
                     bytes_number("free_bytes", facts.free_allowed),
                     count_number("zones_fragmented", static_cast<std::int64_t>(facts.fragmented))};
  if (context.report.trigger) add_evidence(finding.lines, context.report.trigger->line);
  Bytes min_sum(0);
  for (const ZoneTest& test : context.said.zones)
    min_sum = plus(min_sum, to_bytes(test.min));
  finding.advice = {
      text_of({"let the kernel keep more free, which keeps larger blocks: raise "
               "vm.min_free_kbytes (the zones' minimum here is ",
               size_text(min_sum), " together) to twice that"})};
  finding.advice.emplace_back(
      context.version && *context.version >= KernelVersion{5, 9, 0}
          ? "raise vm.compaction_proactiveness (20 by default); at once: echo 1 > "
            "/proc/sys/vm/compact_memory"
          : "at once: echo 1 > /proc/sys/vm/compact_memory");
  return finding;
}

std::optional<Finding> find_free_but_unusable(const Context& context) {
  if (context.scope == Scope::memcg || context.host == nullptr || context.report.manual) {
    return std::nullopt;
  }
  const auto tests = largest_first(context, misleading);
  if (tests.empty()) return std::nullopt;
  Bytes free(0);
  for (const ZoneTest* test : tests)
    free = plus(free, zone_amount(zone_of(context, *test), "free"));
  if (free <= Bytes(0)) return std::nullopt;
  Severity severity = Severity::notice;
  if (context.whole) {
    if (at_least(free, 10, *context.whole)) severity = Severity::warning;
    if (!at_least(free, 1, *context.whole)) severity = Severity::info;
  }
  auto finding = say(FindingId::free_but_unusable, severity,
                     text_of({size_text(free), " were free and did not help"}),
                     "The free memory is what was there after reclaim had failed.");
  if (context.request_known && context.request.empty) {
    finding.detail +=
        " The request's mask is 0: this kill comes from the end of a page fault, and what failed "
        "before, perhaps the limit of a memory cgroup, is not in this report. It need not have "
        "been the host's memory.";
    const auto& selection = context.report.selection;
    if (selection && selection->cpuset && *selection->cpuset != "/") {
      finding.detail += text_of({" The task that asked was in the cgroup ", *selection->cpuset,
                                 ": look at the limits of that one."});
    }
    add_zone_lines(context, finding.lines);
  } else {
    tell_zones(context, tests, finding);
  }
  finding.numbers = {bytes_number("free_bytes", free)};
  if (context.report.trigger) add_evidence(finding.lines, context.report.trigger->line);
  return finding;
}

}  // namespace oomkit
