#include "explain/zone_facts.h"

#include <algorithm>

#include "explain/amounts.h"
#include "explain/words.h"
#include "kernel/watermark.h"

namespace oomkit {

namespace {

Bytes above_high(const Context& context, const ZoneTest& test) {
  const Zone& zone = context.host->zones[test.zone];
  const Bytes unusable = to_bytes(plus(test.unusable_cma, test.unusable_highatomic));
  const Bytes needed =
      plus(std::max(zone_amount(zone, "high"), to_bytes(test.min)), to_bytes(test.reserve));
  return minus(minus(to_bytes(test.free), unusable), needed);
}

}  // namespace

bool passes_last_try(const Context& context, const ZoneTest& test) {
  return test.verdict == ZoneVerdict::served && above_high(context, test) > Bytes(0);
}

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
    if (passes_last_try(context, test)) {
      ++facts.served;
      facts.room = plus(facts.room, above_high(context, test));
    }
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
  // A few megabytes came free while the report was printed; this much did not.
  constexpr double kRoomPercent = 3;
  if (facts.served > 0) return !context.whole || at_least(facts.room, kRoomPercent, *context.whole);
  // A mask of 0 cannot be tested: then a tenth of RAM is room enough.
  constexpr double kUntestedPercent = 10;
  return context.request_known && context.request.empty && context.whole &&
         at_least(facts.free_total, kUntestedPercent, *context.whole);
}

bool nodes_lack_kind(const Context& context) {
  const auto nodes = allowed_nodes(context);
  if (context.host == nullptr || nodes.empty() || !context.request_known ||
      context.request.movable || context.request.empty) {
    return false;
  }
  bool any = false;
  for (const Zone& zone : context.host->zones) {
    if (std::find(nodes.begin(), nodes.end(), zone.node.value_or(0)) == nodes.end()) continue;
    if (zone.name != "Movable") return false;
    any = true;
  }
  return any;
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
