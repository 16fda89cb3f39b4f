// Any bytes through the whole reader: no crash, no hang, and the same reports, damage and
// totals whether it scans fast or plainly and however the input is cut into blocks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/check.h"
#include "klog/reader.h"
#include "klog/reader_lines.h"

namespace {

using oomkit::DamageCounts;
using oomkit::InputTotals;
using oomkit::LogReader;
using oomkit::OomReport;
using oomkit::OtherEvent;

struct Collector final : oomkit::ReportSink {
  void on_report(OomReport&& report) override { reports.push_back(std::move(report)); }
  void on_other(OtherEvent&& event) override { others.push_back(std::move(event)); }

  std::vector<OomReport> reports;
  std::vector<OtherEvent> others;
};

struct Outcome {
  Collector collected;
  DamageCounts damage;
  InputTotals totals;
};

// The sizes of the blocks are taken from `cuts`, again and again; none: one block.
Outcome read(std::string_view input, std::string_view cuts, bool plain_scan) {
  Outcome outcome;
  LogReader reader("fuzz", outcome.collected, {.plain_scan = plain_scan});
  for (std::size_t cut = 0; !input.empty(); ++cut) {
    std::size_t size = input.size();
    if (!cuts.empty()) {
      const auto wanted = static_cast<std::uint8_t>(cuts[cut % cuts.size()]);
      size = std::min(size, std::size_t{wanted} + 1);
    }
    reader.feed(input.substr(0, size));
    input.remove_prefix(size);
  }
  reader.finish();
  outcome.damage = reader.damage();
  outcome.totals = reader.totals();
  return outcome;
}

void expect_same(const Outcome& actual, const Outcome& expected) {
  OOMKIT_CHECK(actual.collected.reports == expected.collected.reports, "other reports");
  OOMKIT_CHECK(actual.collected.others == expected.collected.others, "other events");
  OOMKIT_CHECK(actual.damage == expected.damage, "other damage");
  OOMKIT_CHECK(actual.totals.bytes == expected.totals.bytes, "other number of bytes");
  OOMKIT_CHECK(actual.totals.lines == expected.totals.lines, "other number of lines");
}

}  // namespace

// The first byte says whether a long line stands before the input, so that the reader is
// past the part that it always looks at; the next four say how the blocks are cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHead = 5;
  if (size < kHead) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string input;
  if ((data[0] & 1U) != 0) input = std::string(oomkit::HotLines::kBefore, '-') + '\n';
  input += text.substr(kHead);

  const Outcome whole = read(input, {}, false);
  expect_same(read(input, {}, true), whole);
  expect_same(read(input, text.substr(1, kHead - 1), false), whole);
  return 0;
}
