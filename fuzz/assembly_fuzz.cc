// Any records in any order, of any host and caller: the assembly makes reports whose
// lines are in order, whose parts are bounded, and goes idle in the end.
//
// Each line of the input is a record; its first byte says what its frame told.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "klog/assembly.h"

namespace {

using oomkit::Assembly;
using oomkit::LogRecord;
using oomkit::OomReport;
using oomkit::OtherEvent;

struct OrderedLines final : oomkit::ReportSink {
  void on_report(OomReport&& report) override {
    OOMKIT_CHECK(report.first_line <= report.last_line, "a report ends before it begins");
    OOMKIT_CHECK(report.last_line <= lines_given, "a report ends after the input");
    OOMKIT_CHECK(!report.complete || report.missing.empty(), "complete, and a part is missing");
  }
  void on_other(OtherEvent&& event) override {
    OOMKIT_CHECK(event.first_line <= event.last_line, "an event ends before it begins");
  }

  std::uint64_t lines_given = 0;
};

LogRecord record_of(std::string_view line, std::uint64_t number) {
  constexpr std::array<std::string_view, 2> kHosts = {"", "node-1"};
  constexpr std::array<std::string_view, 4> kCallers = {"", "T1", "T2", "C0"};
  constexpr std::array<std::string_view, 4> kIdents = {"", "kernel", "earlyoom", "systemd-oomd"};
  const auto told = static_cast<std::uint8_t>(line.front());
  LogRecord record;
  record.text = line.substr(1);
  record.line = number;
  record.framed = (told & 1U) != 0;
  record.continues = (told & 2U) != 0;
  record.host = kHosts.at((told >> 2U) & 1U);
  record.caller = kCallers.at((told >> 3U) & 3U);
  record.ident = kIdents.at((told >> 5U) & 3U);
  record.lost_before = (told & 128U) != 0;
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  OrderedLines sink;
  Assembly assembly("fuzz", sink);
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    ++sink.lines_given;
    if (line.empty()) {
      assembly.skipped();
    } else {
      assembly.on_record(record_of(line, sink.lines_given));
    }
  }
  assembly.finish(size % 2 == 0);
  return 0;
}
