// The ways in which input can be bad, each with a name, a severity and a sentence.
//
// Nothing is skipped in silence: whoever leaves something out counts it here, and the
// counts are part of every output ("warnings").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oomkit {

enum class Damage {
  line_too_long,
  nul_bytes,
  invalid_utf8,
  number_overflow,
  row_unreadable,
  row_impossible,
  line_cut,
  lines_lost,
  elided,
  report_without_begin,
  report_without_end,
  reports_interleaved,
  rows_dropped,
  wrapped_rejoined,
  input_truncated,
  journal_binary_field,
  incidents_dropped,
  kCount,
};

enum class DamageSeverity { info, doubtful, data_loss };

struct DamageKind {
  std::string_view code;  // "line-too-long"
  DamageSeverity severity;
  std::string_view sentence;
};

const DamageKind& describe(Damage damage);

class DamageCounts {
 public:
  void add(Damage damage, std::uint64_t count = 1) {
    counts_[static_cast<std::size_t>(damage)] += count;
  }
  void merge(const DamageCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
  }
  std::uint64_t of(Damage damage) const { return counts_[static_cast<std::size_t>(damage)]; }

  friend bool operator==(const DamageCounts&, const DamageCounts&) = default;

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(Damage::kCount)> counts_{};
};

}  // namespace oomkit
