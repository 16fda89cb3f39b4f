#include "explain/catalogue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "explain/amounts.h"
#include "explain/words.h"

namespace oomkit {

std::string_view name_of(FindingId id) {
  return kFindings[static_cast<std::size_t>(id)].name;
}

std::string_view name_of(Severity severity) {
  constexpr std::array<std::string_view, 4> kNames = {"info", "notice", "warning", "critical"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::vector<Finding> find_all(const Context& context, bool brief) {
  std::vector<Finding> findings;
  findings.reserve(brief ? 8 : 16);
  for (const FindingKind& kind : kFindings) {
    if (kind.rule == nullptr || (brief && kind.skipped_in_brief)) continue;
    auto finding = kind.rule(context);
    if (!finding) continue;
    // What rests on the report as a whole points at where it begins.
    if (finding->lines.empty()) add_evidence(finding->lines, context.report.first_line);
    findings.push_back(*std::move(finding));
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

Finding say(FindingId id, Severity severity, std::string title, std::string detail) {
  return Finding{id, severity, std::move(title), std::move(detail), {}, {}, {}};
}

Number bytes_number(std::string_view name, Bytes amount) {
  return Number{std::string(name), amount.count()};
}
Number count_number(std::string_view name, std::int64_t count) {
  return Number{std::string(name), count};
}
Number share_number(std::string_view name, Bytes part, Bytes whole) {
  return Number{std::string(name), percent_of(part, whole)};
}

}  // namespace oomkit
