#include "explain/zone_facts.h"

#include <algorithm>

#include "explain/amounts.h"
#include "explain/words.h"
#include "kernel/watermark.h"

namespace oomkit {

ZoneFacts zone_facts(const Context& context) {
  ZoneFacts facts;
  if (context.host == nullptr) return facts;
  for (const Zone& zone : context.host->zones)
    facts.free_total = plus(facts.free_total, zone_amount(zone, "free"));
  for (const ZoneTest& test : context.said.zones) {
    facts.tested = true;
    if (test.verdict == ZoneVerdict::not_allowed) continue;
    ++facts.allowed;
    facts.free_allowed =
        plus(facts.free_allowed, zone_amount(context.host->zones[test.zone], "free"));
    if (test.verdict == ZoneVerdict::served) ++facts.served;
    if (test.verdict == ZoneVerdict::fragmented) ++facts.fragmented;
  }
  return facts;
}

std::vector<int> allowed_nodes(const Context& context) {
  const OomReport& report = context.report;
  std::optional<std::string> mask;
  if (report.selection) {
    mask = report.constraint == Constraint::memory_policy ? report.selection->nodemask
                                                          : report.selection->mems_allowed;
  }
  if (!mask && report.trigger) mask = report.trigger->nodemask;
  if (!mask) return {};
  return parse_node_list(*mask).value_or(std::vector<int>{});
}

std::string zone_name(const Zone& zone) {
  if (!zone.node) return zone.name;
  return text_of({"Node ", std::to_string(*zone.node), " ", zone.name});
}

bool host_had_room(const Context& context) {
  const ZoneFacts facts = zone_facts(context);
  if (facts.served > 0) return true;
  // A mask of 0 cannot be tested: then a tenth of RAM is room enough.
  constexpr double kRoomPercent = 10;
  return context.request_known && context.request.empty && context.whole &&
         at_least(facts.free_total, kRoomPercent, *context.whole);
}

Bytes zone_amount(const Zone& zone, std::string_view name) {
  return to_bytes(zone.find(name).value_or(KiB(0)));
}

void add_zone_lines(const Context& context, std::vector<std::uint64_t>& lines) {
  constexpr std::size_t kLinesMax = 12;
  for (const Zone& zone : context.host->zones) {
    if (lines.size() >= kLinesMax) return;
    add_evidence(lines, zone.line);
  }
}

}  // namespace oomkit
