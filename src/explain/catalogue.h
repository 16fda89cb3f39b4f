// The catalogue of findings: id, name, rule, one row each.
//
// To add a finding: an id in finding.h, its rule in the file of its family, a row here,
// and its entry in docs/FINDINGS.md, which a test compares with this table.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "explain/context.h"
#include "explain/finding.h"

namespace oomkit {

struct FindingKind {
  FindingId id;
  std::string_view name;
  // Null for what only several reports together can show (incident.h).
  std::optional<Finding> (*rule)(const Context& context);
  // What a line of --summary says in other words, or never says.
  bool skipped_in_brief = false;
};

inline constexpr std::size_t kFindingCount = static_cast<std::size_t>(FindingId::kCount);

// By id: kFindings[i].id is i.
extern const std::array<FindingKind, kFindingCount> kFindings;

// All that is true of the report: most severe first, equals in the order of the catalogue.
std::vector<Finding> find_all(const Context& context, bool brief);

// For rules: a finding with its words, numbers and lines.
Finding say(FindingId id, Severity severity, std::string title, std::string detail);
Number bytes_number(std::string_view name, Bytes amount);
Number count_number(std::string_view name, std::int64_t count);
Number share_number(std::string_view name, Bytes part, Bytes whole);  // In per cent.

}  // namespace oomkit
