// "There was free memory": zone by zone the test that the request failed.
#include "core/size_text.h"
#include "render/report_view.h"

namespace oomkit {
namespace {

std::string unusable_text(const ZoneTest& test) {
  const Bytes sum = to_bytes(test.unusable_cma) + to_bytes(test.unusable_highatomic);
  return sum.count() == 0 ? "" : size_text(sum);
}

std::string verdict_text(const ZoneTest& test) {
  switch (test.verdict) {
    case ZoneVerdict::served:
      return "could have served it";
    case ZoneVerdict::not_allowed:
      return "not allowed";
    case ZoneVerdict::below_min:
      return "below min";
    case ZoneVerdict::reserved:
      return "below min + reserve";
    case ZoneVerdict::cma_or_atomic:
      return "only what is set apart";
    case ZoneVerdict::fragmented:
      return "no block large enough";
    case ZoneVerdict::unknown:
      break;
  }
  return "not known";
}

}  // namespace

std::vector<ZoneLine> make_zone_lines(const Explanation& explanation) {
  std::vector<ZoneLine> lines;
  if (!explanation.report.at.host_memory) return lines;
  const auto& zones = explanation.report.at.host_memory->zones;
  for (const ZoneTest& test : explanation.zones) {
    if (test.zone >= zones.size()) continue;
    const Zone& zone = zones[test.zone];
    ZoneLine line;
    line.zone = zone.name;
    if (zone.node) line.zone = "node " + std::to_string(*zone.node) + " " + zone.name;
    line.free = size_text(to_bytes(test.free));
    line.min = size_text(to_bytes(test.min));
    line.reserve = size_text(to_bytes(test.reserve));
    line.unusable = unusable_text(test);
    line.verdict = verdict_text(test);
    line.failed = test.verdict != ZoneVerdict::served && test.verdict != ZoneVerdict::not_allowed &&
                  test.verdict != ZoneVerdict::unknown;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace oomkit
